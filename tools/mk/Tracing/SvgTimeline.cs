using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Mk.Tracing;

/// <summary>Draws a trace as an SVG picture: a lane for each CPU, coloured by domain, and one for each vCPU with its waits.</summary>
public sealed class SvgTimeline
{
    private const double Width = 1400, Left = 170, Right = 210, PlotWidth = Width - Left - Right, Margin = 20;
    private const double CpuHeight = 28, VcpuHeight = 18, LaneGap = 6, SectionGap = 16, HeadHeight = 22, LegendRow = 20, LetterWidth = 7.2, BoldWidth = 9.2, AxisHeight = 24;
    private const double LongestX = Width - Margin, WaitedX = LongestX - 85, RanX = WaitedX - 55;
    private const int MostTicks = 12;

    private readonly SchedTrace _trace;
    private readonly IReadOnlyList<VcpuTrack> _tracks;
    private readonly Dictionary<uint, string> _classes;
    private readonly List<(double X, double Y, TraceDomain Domain, string Text)> _legend = [];
    private readonly string _rules;
    private readonly SvgWriter _svg;
    private readonly SvgLanes _lanes;
    private double _y;

    private SvgTimeline(SchedTrace trace, TextWriter output)
    {
        (_trace, _tracks, _svg) = (trace, VcpuTracks.Of(trace), new SvgWriter(output));
        (_classes, _rules) = SvgStyle.Of(trace.Domains);
        _lanes = new SvgLanes(_svg, Left, trace.Length / PlotWidth);
    }

    /// <summary>Draws it.</summary>
    public static void Write(SchedTrace trace, TextWriter output) => new SvgTimeline(trace, output).Draw();

    private void Draw()
    {
        double legendBottom = PlaceLegend(74);
        double top = legendBottom + SectionGap + AxisHeight;
        double bottom = top + SectionHeight(_trace.Cpus.Count, CpuHeight)
            + _tracks.GroupBy(static t => t.Domain).Sum(static d => SectionHeight(d.Count(), VcpuHeight));
        double height = bottom + AxisHeight + 44;
        _svg.Raw(string.Create(CultureInfo.InvariantCulture,
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {height:0}\" width=\"{Width}\" height=\"{height:0}\" role=\"img\">\n"));
        _svg.Raw($"<title>{TraceText.Summary(_trace)}</title>\n<style>\n{_rules}</style>\n");
        _svg.Area(0, 0, Width, height, "paper");
        DrawHead();
        DrawAxis(top, bottom);
        _y = top;
        DrawCpus();
        foreach (IGrouping<TraceDomain, VcpuTrack> domain in _tracks.GroupBy(static t => t.Domain))
            DrawDomain(domain.Key, [.. domain]);
        DrawFoot(bottom + AxisHeight + 16);
        _svg.Raw("</svg>\n");
    }

    private static double SectionHeight(int lanes, double height) => HeadHeight + (lanes * (height + LaneGap)) + SectionGap - LaneGap;

    /// <summary>Where the names of the domains stand, in rows.</summary>
    private double PlaceLegend(double y)
    {
        double all = (double)_trace.Length * _trace.Cpus.Count, x = Margin;
        foreach (TraceDomain domain in _trace.Domains)
        {
            string text = $"{domain.Name} {TraceText.Share(_tracks.Where(t => t.Domain == domain).Sum(static t => t.Ran), all)}";
            double width = 24 + (text.Length * LetterWidth);
            if (x + width > Width - Margin && x > Margin)
                (x, y) = (Margin, y + LegendRow);
            _legend.Add((x, y, domain, text));
            x += width + 10;
        }

        return y;
    }

    private void DrawHead()
    {
        _svg.Text(Margin, 34, "title", $"Who ran on {TraceText.Count(_trace.Cpus.Count, "CPU")} for {TraceText.Time(_trace.Length)}");
        _svg.Text(Margin, 54, "quiet", $"{TraceText.Summary(_trace)}. Shares are of all CPUs' time.");
        foreach ((double x, double y, TraceDomain domain, string text) in _legend)
        {
            _svg.Area(x, y - 10, 12, 12, _classes[domain.Domain]);
            _svg.Text(x + 18, y, "", text);
        }
    }

    private void DrawAxis(double top, double bottom)
    {
        foreach ((long at, string text) in TimeTicks.Of(_trace.Length, MostTicks))
        {
            double x = _lanes.X(at);
            _svg.Line(x, top - 6, x, bottom - 4, "grid");
            _svg.Text(x, top - 11, "quiet small middle", text);
            _svg.Text(x, bottom + 12, "quiet small middle", text);
        }
    }

    private void DrawCpus()
    {
        _svg.Text(Margin, _y + 14, "head", "CPUs");
        _svg.Text(RanX, _y + 14, "quiet small end", "busy");
        _y += HeadHeight;
        (uint Domain, uint Vcpu)[] keys = [.. _tracks.Select(static t => (t.Domain.Domain, t.Vcpu))];
        Dictionary<(uint, uint), int> kinds = keys.Index().ToDictionary(static k => k.Item, static k => k.Index);
        (string, string)[] looks = [.. _tracks.Select(t => (LookOf(t), $"{t.Domain.Name} vCPU {t.Vcpu}"))];
        ILookup<uint, TraceSlice> slices = _trace.Slices.ToLookup(static s => s.Cpu);
        foreach (uint cpu in _trace.Cpus)
        {
            BeginLane($"CPU {cpu}", CpuHeight);
            _lanes.DrawCpu(slices[cpu].Select(s => new LaneItem(s.Start, s.End, kinds[(s.Domain, s.Vcpu)], cpu)), looks, _y, CpuHeight);
            DrawLosses(cpu);
            _svg.Text(RanX, _y + (CpuHeight / 2) + 4, "end", TraceText.Share(slices[cpu].Sum(static s => s.End - s.Start), _trace.Length));
            _y += CpuHeight + LaneGap;
        }

        _y += SectionGap - LaneGap;
    }

    private void DrawLosses(uint cpu)
    {
        foreach (TraceLoss loss in _trace.Losses.Where(loss => loss.Cpu == cpu))
        {
            double width = Math.Max((loss.End - loss.Start) * PlotWidth / _trace.Length, SvgLanes.Thinnest);
            _svg.Area(_lanes.X(loss.Start), _y - 2, width, CpuHeight + 4, "lost", $"{TraceText.Count((long)loss.Count, "slice")} lost");
        }
    }

    private void DrawDomain(TraceDomain domain, IReadOnlyList<VcpuTrack> tracks)
    {
        _svg.Text(Margin, _y + 14, "head", domain.Name);
        _svg.Text(Margin + (domain.Name.Length * BoldWidth) + 8, _y + 14, "quiet small", $"{(domain.IsService ? "service, " : "")}domain {domain.Domain}");
        foreach ((double x, string text) in new[] { (RanX, "ran"), (WaitedX, "waited"), (LongestX, "longest wait") })
            _svg.Text(x, _y + 14, "quiet small end", text);
        _y += HeadHeight;
        foreach (VcpuTrack track in tracks)
        {
            BeginLane($"vCPU {track.Vcpu}", VcpuHeight);
            _lanes.DrawVcpu(track, LookOf(track), _y, VcpuHeight);
            double text = _y + (VcpuHeight / 2) + 4;
            _svg.Text(RanX, text, "end", TraceText.Share(track.Ran, _trace.Length));
            _svg.Text(WaitedX, text, "end", TraceText.Share(track.Waited, _trace.Length));
            _svg.Text(LongestX, text, "end", track.LongestWait == 0 ? "-" : TraceText.Time(track.LongestWait));
            _y += VcpuHeight + LaneGap;
        }

        _y += SectionGap - LaneGap;
    }

    private void BeginLane(string name, double height)
    {
        _svg.Text(Left - 12, _y + (height / 2) + 4, "end", name);
        _svg.Area(Left, _y, PlotWidth, height, "lane");
    }

    private void DrawFoot(double y)
    {
        _svg.Area(Margin, y - 6, 26, 5, "woken");
        _svg.Text(Margin + 34, y, "quiet small", "waits for a CPU after a wake-up");
        _svg.Area(Margin + 240, y - 6, 26, 5, "ready");
        _svg.Text(Margin + 274, y, "quiet small", "waits for its next turn");
        _svg.Text(Margin, y + 18, "quiet small", string.Create(CultureInfo.InvariantCulture,
            $"Slices thinner than a pixel are drawn together with their neighbours, each domain with its share of the height; nothing is thinner than {SvgLanes.Thinnest} pixels. A pixel is {TraceText.Time((long)(_trace.Length / PlotWidth))}. Point at something for its figures."));
    }

    // vCPUs of a domain take turns in two shades, so that neighbours on a CPU can be told apart.
    private string LookOf(VcpuTrack track) => _classes[track.Domain.Domain] + (track.Vcpu % 2 == 0 ? "" : " odd");
}
