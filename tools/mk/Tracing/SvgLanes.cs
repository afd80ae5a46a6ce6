using System;
using System.Collections.Generic;
using System.Linq;

namespace Mk.Tracing;

/// <summary>Draws what is in the lanes of the picture.</summary>
/// <param name="svg">Where to.</param>
/// <param name="left">Where time begins, in pixels.</param>
/// <param name="nsPerPixel">How much time a pixel has.</param>
internal sealed class SvgLanes(SvgWriter svg, double left, double nsPerPixel)
{
    /// <summary>Nothing is drawn thinner than this, in pixels.</summary>
    internal const double Thinnest = 0.4;

    private const double LeastShare = 0.5, LetterWidth = 6.2, WaitShare = 0.28;

    /// <summary>Where a time is, in pixels.</summary>
    internal double X(double ns) => left + (ns / nsPerPixel);

    /// <summary>A CPU: who ran there, full height, or in shares of the height where there were many.</summary>
    /// <param name="items">The slices; kinds are places in <paramref name="kinds"/>.</param>
    /// <param name="kinds">The look and the name of each kind.</param>
    /// <param name="y">The lane's top.</param>
    /// <param name="height">Its height.</param>
    internal void DrawCpu(IEnumerable<LaneItem> items, IReadOnlyList<(string Class, string Name)> kinds, double y, double height)
    {
        foreach (LaneCell cell in LaneCells.Of(items, nsPerPixel))
        {
            if (cell.Only is not { } only)
            {
                DrawShares(cell, kinds, y, height, "nobody");
                continue;
            }

            string name = kinds[only].Name;
            svg.Area(X(cell.Start), y, Width(cell), height, kinds[only].Class, Title(cell, kinds, name, "nobody"));
            if (Width(cell) > (name.Length + 2) * LetterWidth)
                svg.Text(X((cell.Start + cell.End) / 2.0), y + (height / 2) + 4, "inside middle", name);
        }
    }

    /// <summary>A vCPU: running is full height, waiting a thin bar.</summary>
    internal void DrawVcpu(VcpuTrack track, string runningClass, double y, double height)
    {
        (string Class, string Name)[] kinds = [(runningClass, "ran"), ("woken", "waited after a wake-up"), ("ready", "waited for its next turn")];
        IEnumerable<LaneItem> items = track.Spans.Select(static s => new LaneItem(s.Start, s.End, (int)s.Doing, s.Cpu));
        string who = $"{track.Domain.Name} vCPU {track.Vcpu}";
        foreach (LaneCell cell in LaneCells.Of(items, nsPerPixel))
        {
            if (cell.Only is not { } only)
            {
                DrawShares(cell, kinds, y, height, "slept");
                continue;
            }

            double part = only == (int)VcpuDoing.Running ? 1 : WaitShare;
            string what = only == (int)VcpuDoing.Running && cell.Count == 1 ? $"{who} ran on CPU {cell.Cpu}" : $"{who} {kinds[only].Name}";
            svg.Area(X(cell.Start), y + (height * (1 - part) / 2), Width(cell), height * part, kinds[only].Class, Title(cell, kinds, what, "slept"));
        }
    }

    private void DrawShares(LaneCell cell, IReadOnlyList<(string Class, string Name)> kinds, double y, double height, string rest) =>
        svg.Group(Title(cell, kinds, "", rest), () =>
        {
            double bottom = y + height;
            foreach ((int kind, long time) in cell.Times.OrderBy(static t => t.Kind))
            {
                double share = height * time / cell.Length;
                bottom -= share;
                if (share >= LeastShare)
                    svg.Area(X(cell.Start), bottom, Width(cell), share, kinds[kind].Class);
            }
        });

    private double Width(LaneCell cell) => Math.Max(cell.Length / nsPerPixel, Thinnest);

    private static string Title(LaneCell cell, IReadOnlyList<(string Class, string Name)> kinds, string what, string rest)
    {
        string when = $"{TraceText.Time(cell.Length)} from {TraceText.Place(cell.Start)} on";
        if (cell.Count == 1)
            return $"{what}: {when}";
        long left = cell.Length - cell.Times.Sum(static t => t.Time);
        IEnumerable<string> shares = cell.Times.Select(t => $"{kinds[t.Kind].Name} {TraceText.Share(t.Time, cell.Length)}");
        string[] lines = [$"{(what.Length > 0 ? what + ": " : "")}{cell.Count} together, {when}", .. shares, .. left > 0 ? [$"{rest} {TraceText.Share(left, cell.Length)}"] : Array.Empty<string>()];
        return string.Join('\n', lines);
    }
}
