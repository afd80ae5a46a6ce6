using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace Microkernel.Services.Scheduler.Simulation;

/// <summary>Draws the cost of a decision and that of an epoch over the number of vCPUs, a line for each policy; all axes are logarithmic.</summary>
internal sealed class ScalePlot
{
    private const double Width = 760, Height = 660, Left = 80, Right = 130, PanelHeight = 240;
    private const double LeastX = 1, MostX = 100_000;
    private static readonly string[] s_colours = ["#1f6fb4", "#c4572a", "#3b8f3b", "#8a4fb0", "#8a6d1f", "#222222"];

    private readonly StringBuilder _svg;
    private readonly double _top, _leastY, _mostY;

    private ScalePlot(StringBuilder svg, double top, double leastY, double mostY) => (_svg, _top, _leastY, _mostY) = (svg, top, leastY, mostY);

    /// <summary>The picture, as SVG.</summary>
    internal static string Draw(IReadOnlyList<ScaleRow> rows)
    {
        var svg = new StringBuilder();
        svg.Append(FormattableString.Invariant($"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{Width}\" height=\"{Height}\" font-family=\"sans-serif\" font-size=\"12\">\n"));
        svg.Append("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n");
        new ScalePlot(svg, 40, 0.1, 100).Panel("a decision, in microseconds", rows, static row => row.DecisionUs);
        new ScalePlot(svg, 360, 0.01, 10_000).Panel("an epoch, in milliseconds", rows, static row => row.EpochMs);
        return svg.Append("</svg>\n").ToString();
    }

    private void Panel(string title, IReadOnlyList<ScaleRow> rows, Func<ScaleRow, double> value)
    {
        double bottom = _top + PanelHeight;
        Text(Left, _top - 14, "start", title);
        Text((Left + Width - Right) / 2, bottom + 34, "middle", "vCPUs, of up to 4,096 CPUs");
        for (double x = LeastX; x <= MostX; x *= 10)
            Grid(X(x), _top, X(x), bottom, X(x), bottom + 18, "middle", x);
        for (double y = _leastY; y <= _mostY * 1.001; y *= 10)
            Grid(Left, Y(y), Width - Right, Y(y), Left - 6, Y(y) + 4, "end", y);
        int line = 0;
        foreach (IGrouping<string, ScaleRow> policy in rows.GroupBy(static row => row.Policy))
            Line(policy.Select(row => (row.Vcpus, value(row))), s_colours[line % s_colours.Length], policy.Key, line++);
    }

    private static double X(double value) => Left + ((Width - Left - Right) * Math.Log10(value / LeastX) / Math.Log10(MostX / LeastX));

    private double Y(double value) => _top + PanelHeight - (PanelHeight * Math.Log10(Math.Clamp(value, _leastY, _mostY) / _leastY) / Math.Log10(_mostY / _leastY));

    private void Grid(double x1, double y1, double x2, double y2, double textX, double textY, string anchor, double value)
    {
        _svg.Append(FormattableString.Invariant($"<line x1=\"{x1:0.#}\" y1=\"{y1:0.#}\" x2=\"{x2:0.#}\" y2=\"{y2:0.#}\" stroke=\"#ddd\"/>\n"));
        Text(textX, textY, anchor, FormattableString.Invariant($"{value:#,0.##}"));
    }

    private void Line(IEnumerable<(int Vcpus, double Value)> points, string colour, string name, int row)
    {
        List<(int Vcpus, double Value)> all = [.. points.OrderBy(static p => p.Vcpus)];
        string path = string.Join(' ', all.Select(p => FormattableString.Invariant($"{X(p.Vcpus):0.#},{Y(p.Value):0.#}")));
        _svg.Append(FormattableString.Invariant($"<polyline points=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\n"));
        foreach ((int vcpus, double value) in all)
            _svg.Append(FormattableString.Invariant($"<circle cx=\"{X(vcpus):0.#}\" cy=\"{Y(value):0.#}\" r=\"3\" fill=\"{colour}\"/>\n"));
        double x = Width - Right + 16, y = _top + 8 + (row * 18);
        _svg.Append(FormattableString.Invariant($"<rect x=\"{x}\" y=\"{y}\" width=\"14\" height=\"4\" fill=\"{colour}\"/>\n"));
        Text(x + 20, y + 6, "start", name);
    }

    private void Text(double x, double y, string anchor, string text) =>
        _svg.Append(FormattableString.Invariant($"<text x=\"{x:0.#}\" y=\"{y:0.#}\" text-anchor=\"{anchor}\">{text}</text>\n"));
}
