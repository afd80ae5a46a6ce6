using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace Microkernel.Services.Scheduler.Simulation;

/// <summary>Draws the cost of a decision and of an epoch over the number of vCPUs, both axes logarithmic.</summary>
internal static class ScalePlot
{
    private const double Width = 720, Height = 420, Left = 70, Right = 20, Top = 40, Bottom = 50;
    private const double LeastX = 1, MostX = 100_000, LeastY = 0.01, MostY = 100_000;

    /// <summary>The picture, as SVG.</summary>
    internal static string Draw(IReadOnlyList<ScaleRow> rows)
    {
        var svg = new StringBuilder();
        svg.Append(FormattableString.Invariant($"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{Width}\" height=\"{Height}\" font-family=\"sans-serif\" font-size=\"12\">\n"));
        svg.Append("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n");
        Text(svg, Width / 2, 20, "middle", "Cost by size (simulated, up to 4,096 CPUs), in microseconds");
        Text(svg, Width / 2, Height - 12, "middle", "vCPUs");
        for (double x = LeastX; x <= MostX; x *= 10)
            Grid(svg, X(x), Top, X(x), Height - Bottom, X(x), Height - Bottom + 18, "middle", x);
        for (double y = LeastY; y <= MostY; y *= 10)
            Grid(svg, Left, Y(y), Width - Right, Y(y), Left - 6, Y(y) + 4, "end", y);
        Line(svg, rows.Select(static r => (r.Vcpus, r.DecisionUs)), "#1f6fb4", "a decision", 0);
        Line(svg, rows.Select(static r => (r.Vcpus, r.EpochMs * 1000)), "#c4572a", "an epoch", 1);
        Line(svg, rows.Select(static r => (r.Vcpus, r.EpochMs * 1000 / r.Vcpus)), "#3b8f3b", "an epoch, for each vCPU", 2);
        return svg.Append("</svg>\n").ToString();
    }

    private static double X(double value) => Left + ((Width - Left - Right) * Math.Log10(value / LeastX) / Math.Log10(MostX / LeastX));

    private static double Y(double value) => Height - Bottom - ((Height - Top - Bottom) * Math.Log10(Math.Clamp(value, LeastY, MostY) / LeastY) / Math.Log10(MostY / LeastY));

    private static void Grid(StringBuilder svg, double x1, double y1, double x2, double y2, double textX, double textY, string anchor, double value)
    {
        svg.Append(FormattableString.Invariant($"<line x1=\"{x1:0.#}\" y1=\"{y1:0.#}\" x2=\"{x2:0.#}\" y2=\"{y2:0.#}\" stroke=\"#ddd\"/>\n"));
        Text(svg, textX, textY, anchor, FormattableString.Invariant($"{value:#,0.##}"));
    }

    private static void Line(StringBuilder svg, IEnumerable<(int Vcpus, double Us)> points, string colour, string name, int row)
    {
        List<(int Vcpus, double Us)> all = [.. points.OrderBy(static p => p.Vcpus)];
        string path = string.Join(' ', all.Select(static p => FormattableString.Invariant($"{X(p.Vcpus):0.#},{Y(p.Us):0.#}")));
        svg.Append(FormattableString.Invariant($"<polyline points=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\n"));
        foreach ((int vcpus, double us) in all)
            svg.Append(FormattableString.Invariant($"<circle cx=\"{X(vcpus):0.#}\" cy=\"{Y(us):0.#}\" r=\"3\" fill=\"{colour}\"/>\n"));
        svg.Append(FormattableString.Invariant($"<rect x=\"{Left + 12}\" y=\"{Top + 8 + (row * 18)}\" width=\"14\" height=\"4\" fill=\"{colour}\"/>\n"));
        Text(svg, Left + 32, Top + 14 + (row * 18), "start", name);
    }

    private static void Text(StringBuilder svg, double x, double y, string anchor, string text) =>
        svg.Append(FormattableString.Invariant($"<text x=\"{x:0.#}\" y=\"{y:0.#}\" text-anchor=\"{anchor}\">{text}</text>\n"));
}
