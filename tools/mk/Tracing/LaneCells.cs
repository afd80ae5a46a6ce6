using System.Collections.Generic;

namespace Mk.Tracing;

/// <summary>Puts items together that are too small to be seen alone, so that a picture's size does not grow with the trace.</summary>
internal static class LaneCells
{
    /// <summary>Items thinner than this are put together with thin neighbours, in pixels.</summary>
    internal const double Thin = 1;

    /// <summary>Cells of thin items grow no wider than this, in pixels.</summary>
    private const double Widest = 4;

    /// <summary>What is thinner than this, in pixels, cannot be seen between others.</summary>
    private const double Invisible = 0.1;

    /// <summary>The cells of a lane.</summary>
    /// <param name="items">In the order of time, without overlaps.</param>
    /// <param name="nsPerPixel">How much time a pixel has.</param>
    internal static IEnumerable<LaneCell> Of(IEnumerable<LaneItem> items, double nsPerPixel)
    {
        LaneCell? cell = null;
        foreach (LaneItem item in items)
        {
            bool isThin = item.End - item.Start < Thin * nsPerPixel;
            if (cell is not null && Belongs(cell, item, isThin, nsPerPixel))
            {
                cell.Add(item, isThin);
                continue;
            }

            if (cell is not null)
                yield return cell;
            cell = new LaneCell(item, isThin);
        }

        if (cell is not null)
            yield return cell;
    }

    private static bool Belongs(LaneCell cell, LaneItem item, bool isThin, double nsPerPixel)
    {
        long gap = item.Start - cell.End, length = item.End - item.Start;
        if (cell.IsThin && isThin && gap < Thin * nsPerPixel && item.End - cell.Start <= Widest * nsPerPixel)
            return true;
        bool looksTheSame = cell.Only is { } kind && kind == cell.OnlyWith(item);
        return gap < Invisible * nsPerPixel && looksTheSame && (cell.Only == item.Kind || length < Invisible * nsPerPixel);
    }
}
