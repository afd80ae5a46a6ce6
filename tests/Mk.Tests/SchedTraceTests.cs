using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using System.Xml.Linq;
using Microkernel.Protos.Scheduler;
using Mk.Tracing;
using NUnit.Framework;

namespace Mk.Tests;

/// <summary><c>mk sched trace</c>: what is in its files.</summary>
public sealed class SchedTraceTests : CommandFixture
{
    private const ulong Millisecond = 1_000_000;
    private const ulong Begin = 77 * Millisecond;

    [Test]
    public async Task BothFilesAreWrittenAndSummedUp()
    {
        Guest("web");
        string json = Path.Combine(Folder, "run.json"), svg = Path.Combine(Folder, "run.svg");
        (int code, _, string said) = await MkCommand.RunAsync("sched", "trace", json, svg, "--seconds", "0.05");
        Assert.That(code, Is.Zero, said);
        Assert.That(said, Does.Contain("6 slices on 2 CPUs in 50.0 ms, 3 lost"));
        Assert.That(Directory.GetFiles(Folder, "run.*"), Is.EquivalentTo(new[] { json, svg }), "nothing is left beside them");
        JsonElement[] events = Events(await File.ReadAllTextAsync(json));
        Assert.That(Names(events, "process_name"), Is.EqualTo(new[] { "CPUs", "web", "xenstore (service)" }));
        Assert.That(Names(events, "thread_name"), Is.EqualTo(new[] { "CPU 1", "CPU 2", "vCPU 0", "vCPU 1", "vCPU 0" }));
        Assert.That(events.Where(static e => HasPhase(e, "i")).Select(static e => e.GetProperty("name").GetString()), Is.EqualTo(new[] { "3 slices lost" }));
        Assert.That(XDocument.Load(svg).Root!.Elements().Select(static e => e.Value), Has.Some.EqualTo("web").And.Some.EqualTo("xenstore"));
    }

    [TestCase("must end in .json", "trace.txt")]
    [TestCase("must end in .json", "trace")]
    [TestCase("there is no folder", "/nowhere/at/all.svg")]
    [TestCase("the files are the same", "a.svg", "./a.svg")]
    [TestCase("out of range", "a.svg", "--seconds", "0")]
    [TestCase("out of range", "a.svg", "--seconds", "601")]
    public Task WhatCannotBeWrittenIsRefused(string words, params string[] arguments) => Refused(ExitCode.Usage, words, ["sched", "trace", .. arguments]);

    [Test]
    public void TheTracksOfJsonAreInOrderWithoutOverlapsAndSumUp()
    {
        SchedTrace trace = Random(seed: 4711);
        JsonElement[] events = [.. Events(Json(trace)).Where(static e => HasPhase(e, "X"))];
        Assert.That(events.Select(static e => e.GetProperty("ts").GetDecimal()), Is.Ordered);
        foreach (IGrouping<(int, int), JsonElement> track in events.GroupBy(static e => (e.GetProperty("pid").GetInt32(), e.GetProperty("tid").GetInt32())))
        {
            decimal end = 0;
            foreach (JsonElement e in track)
            {
                Assert.That(e.GetProperty("ts").GetDecimal(), Is.GreaterThanOrEqualTo(end), $"track {track.Key}");
                end = e.GetProperty("ts").GetDecimal() + e.GetProperty("dur").GetDecimal();
            }

            Assert.That(end, Is.LessThanOrEqualTo(trace.Length / 1000m));
        }

        decimal ran = events.Where(static e => e.GetProperty("name").GetString() == "running").Sum(static e => e.GetProperty("dur").GetDecimal());
        decimal busy = events.Where(static e => e.GetProperty("name").GetString()!.Contains(" vCPU ")).Sum(static e => e.GetProperty("dur").GetDecimal());
        Assert.That(busy, Is.EqualTo(trace.Slices.Sum(static s => s.End - s.Start) / 1000m));
        Assert.That(ran, Is.EqualTo(busy));
    }

    [Test]
    public void AVcpuRunsWaitsAfterAWakeUpAndWaitsForItsNextTurn()
    {
        SchedTrace trace = Trace(
            50,
            Slice(1, 6, 0, 10, 5, VcpuState.Blocked, waited: 3),
            Slice(1, 6, 0, 20, 5, VcpuState.Ready),
            Slice(1, 6, 0, 40, 5, VcpuState.Blocked),
            Slice(2, 9, 0, 0, 30, VcpuState.Ready));
        VcpuTrack[] tracks = [.. VcpuTracks.Of(trace)];
        Assert.That(tracks[0].Spans.Select(s => (s.Doing, s.Start / (long)Millisecond, s.End / (long)Millisecond)), Is.EqualTo(new[]
        {
            (VcpuDoing.Woken, 7L, 10L), (VcpuDoing.Running, 10L, 15L), (VcpuDoing.Running, 20L, 25L), (VcpuDoing.Preempted, 25L, 40L), (VcpuDoing.Running, 40L, 45L),
        }));
        Assert.That(tracks[1].Spans[^1], Is.EqualTo(new VcpuSpan(VcpuDoing.Preempted, 2, 30 * (long)Millisecond, 50 * (long)Millisecond)));
        Assert.That(tracks[0].LongestWait, Is.EqualTo(15 * (long)Millisecond));
    }

    [Test]
    public void WhereSlicesAreMissingNobodyIsSaidToWait()
    {
        var recording = new TraceRecording(50 * (long)Millisecond);
        recording.Add(new TracePart { NowNs = Begin, Cpus = { new CpuSlices { Cpu = 1 } } });
        recording.Add(new TracePart { NowNs = Begin + (20 * Millisecond), Cpus = { new CpuSlices { Cpu = 1, Slices = { Slice(1, 6, 0, 0, 10, VcpuState.Ready).Slice } } } });
        recording.Add(new TracePart { NowNs = Begin + (50 * Millisecond), Cpus = { new CpuSlices { Cpu = 1, Lost = 7, Slices = { Slice(1, 6, 0, 30, 10, VcpuState.Blocked).Slice } } } });
        SchedTrace trace = recording.Finish(isWhole: true)!;
        Assert.That(trace.Losses, Is.EqualTo(new[] { new TraceLoss(1, 10 * (long)Millisecond, 30 * (long)Millisecond, 7) }));
        Assert.That(VcpuTracks.Of(trace).Single().Waited, Is.Zero);
    }

    [Test]
    public void ATraceThatEndsEarlyHasWhatIsSure()
    {
        var recording = new TraceRecording(1000 * (long)Millisecond);
        Assert.That(recording.Finish(isWhole: false), Is.Null);
        recording.Add(new TracePart { NowNs = Begin, Cpus = { new CpuSlices { Cpu = 1 } } });
        Assert.That(recording.Finish(isWhole: false), Is.Null);
        recording.Add(new TracePart { NowNs = Begin + (200 * Millisecond), Cpus = { new CpuSlices { Cpu = 1, Slices = { Slice(1, 6, 0, 100, 90, VcpuState.Ready).Slice } } } });
        SchedTrace trace = recording.Finish(isWhole: false)!;
        Assert.That((trace.Length, trace.Slices.Single().End), Is.EqualTo((150 * (long)Millisecond, 150 * (long)Millisecond)), "the last slice is cut");
    }

    [Test]
    public void TheWidthsOfThePictureAreTheTimes()
    {
        SchedTrace trace = Trace(100, Slice(1, 6, 0, 10, 20, VcpuState.Ready), Slice(1, 7, 0, 40, 60, VcpuState.Ready), Slice(2, 7, 1, 0, 5, VcpuState.Blocked));
        XElement[] drawn = [.. Svg(trace).Descendants().Where(static e => e.Name.LocalName == "rect" && e.Elements().Any())];
        double plot = Width(drawn.Single(static e => Title(e).StartsWith("domain 7 vCPU 0: 60", StringComparison.Ordinal))) / 0.6;
        Assert.That(Width(drawn.Single(static e => Title(e).StartsWith("domain 6 vCPU 0: 20", StringComparison.Ordinal))), Is.EqualTo(0.2 * plot).Within(0.01));
        Assert.That(Width(drawn.Single(static e => Title(e).StartsWith("domain 7 vCPU 1: 5", StringComparison.Ordinal))), Is.EqualTo(0.05 * plot).Within(0.01));
    }

    [Test]
    public void ALongTraceIsASmallPicture()
    {
        (uint, Slice)[] slices = [.. Enumerable.Range(0, 200_000).Select(static i => (1u, new Slice
        {
            Domain = (uint)(6 + (i % 3)),
            StartNs = Begin + ((ulong)i * Millisecond / 10),
            LengthNs = Millisecond / 10,
            Next = VcpuState.Ready,
        }))];
        string picture = Svg(Trace(20_000, slices)).ToString();
        Assert.That(picture.Length, Is.LessThan(2_000_000));
        Assert.That(picture, Does.Contain("200,000 slices"));
    }

    private static SchedTrace Random(int seed)
    {
        var random = new Random(seed);
        List<(uint, Slice)> slices = [];
        foreach (uint cpu in (uint[])[1, 2, 3])
        {
            // Each CPU has vCPUs of its own: one that ran on two CPUs at a time would be nonsense.
            for (ulong at = 0; at < 400 * Millisecond;)
            {
                ulong length = (ulong)random.NextInt64(1, 5_000_000);
                var slice = new Slice
                {
                    Domain = (uint)random.Next(5, 9),
                    Vcpu = cpu,
                    StartNs = Begin + at,
                    LengthNs = length,
                    WaitedNs = (ulong)random.NextInt64(0, 3_000_000),
                    Next = (VcpuState)random.Next(2, 5),
                };
                slices.Add((cpu, slice));
                at += length + (ulong)random.NextInt64(0, 2_000_000);
            }
        }

        return Trace(400, [.. slices]);
    }

    private static (uint Cpu, Slice Slice) Slice(uint cpu, uint domain, uint vcpu, ulong start, ulong length, VcpuState next, ulong waited = 0) => (cpu, new Slice
    {
        Domain = domain,
        Vcpu = vcpu,
        StartNs = Begin + (start * Millisecond),
        LengthNs = length * Millisecond,
        WaitedNs = waited * Millisecond,
        Next = next,
    });

    private static SchedTrace Trace(ulong milliseconds, params IReadOnlyList<(uint Cpu, Slice Slice)> slices)
    {
        var recording = new TraceRecording((long)(milliseconds * Millisecond));
        recording.Add(new TracePart { NowNs = Begin, Cpus = { slices.Select(static s => s.Cpu).Distinct().Select(static cpu => new CpuSlices { Cpu = cpu }) } });
        recording.Add(new TracePart
        {
            NowNs = Begin + (milliseconds * Millisecond),
            Cpus = { slices.GroupBy(static s => s.Cpu).Select(static cpu => new CpuSlices { Cpu = cpu.Key, Slices = { cpu.Select(static s => s.Slice) } }) },
        });
        return recording.Finish(isWhole: true)!;
    }

    private static string Json(SchedTrace trace)
    {
        using var output = new MemoryStream();
        ChromeTrace.Write(trace, output);
        return Encoding.UTF8.GetString(output.ToArray());
    }

    private static XDocument Svg(SchedTrace trace)
    {
        using var output = new StringWriter();
        SvgTimeline.Write(trace, output);
        return XDocument.Parse(output.ToString());
    }

    private static JsonElement[] Events(string json) => [.. JsonDocument.Parse(json).RootElement.GetProperty("traceEvents").EnumerateArray()];

    private static bool HasPhase(JsonElement happened, string phase) => happened.GetProperty("ph").GetString() == phase;

    private static IEnumerable<string?> Names(JsonElement[] events, string kind) =>
        events.Where(e => e.GetProperty("name").GetString() == kind).Select(static e => e.GetProperty("args").GetProperty("name").GetString());

    private static string Title(XElement element) => element.Elements().First().Value;

    private static double Width(XElement element) => double.Parse(element.Attribute("width")!.Value, CultureInfo.InvariantCulture);
}
