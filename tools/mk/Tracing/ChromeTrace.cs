using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;

namespace Mk.Tracing;

/// <summary>
/// Writes a trace in Chrome's trace-event format, which Perfetto's viewer (ui.perfetto.dev) and chrome://tracing open: a process with a track for
/// each CPU, and one for each domain with a track for each vCPU.
/// </summary>
public static class ChromeTrace
{
    /// <summary>The process of the CPUs; those of domains have the domains' numbers, which are smaller.</summary>
    internal const int CpuProcess = 100_000_000;

    private const int ThreadsOfADomain = 1000;
    private const int FlushAt = 1 << 16;

    /// <summary>Writes it.</summary>
    public static void Write(SchedTrace trace, Stream output)
    {
        IReadOnlyList<VcpuTrack> tracks = VcpuTracks.Of(trace);
        using var writer = new Utf8JsonWriter(output);
        writer.WriteStartObject();
        writer.WriteString("displayTimeUnit", "ms");
        WriteFigures(writer, trace);
        writer.WriteStartArray("traceEvents");
        WriteNames(writer, trace, tracks);
        foreach (ChromeEvent happened in InOrder([.. CpuEvents(trace), .. tracks.Select(VcpuEvents)]))
        {
            WriteEvent(writer, in happened);
            if (writer.BytesPending > FlushAt)
                writer.Flush();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteFigures(Utf8JsonWriter writer, SchedTrace trace)
    {
        writer.WriteStartObject("otherData");
        writer.WriteNumber("begin_ns", trace.BeginNs);
        writer.WriteNumber("length_ns", trace.Length);
        writer.WriteNumber("cpus", trace.Cpus.Count);
        writer.WriteNumber("slices", trace.Slices.Count);
        writer.WriteNumber("lost", trace.Lost);
        writer.WriteEndObject();
    }

    private static void WriteNames(Utf8JsonWriter writer, SchedTrace trace, IReadOnlyList<VcpuTrack> tracks)
    {
        WriteProcess(writer, CpuProcess, "CPUs", 0);
        foreach (uint cpu in trace.Cpus)
            WriteThread(writer, CpuProcess, CpuThread(cpu), $"CPU {cpu}", (int)cpu);
        int place = 0;
        foreach (TraceDomain domain in trace.Domains)
            WriteProcess(writer, (int)domain.Domain, domain.IsService ? $"{domain.Name} (service)" : domain.Name, ++place);
        foreach (VcpuTrack track in tracks)
            WriteThread(writer, (int)track.Domain.Domain, VcpuThread(track), $"vCPU {track.Vcpu}", (int)track.Vcpu);
    }

    private static IEnumerable<IEnumerable<ChromeEvent>> CpuEvents(SchedTrace trace)
    {
        Dictionary<uint, string> names = trace.Domains.ToDictionary(static d => d.Domain, static d => d.Name);
        Dictionary<(uint, uint), string> labels = [];
        ILookup<uint, TraceSlice> slices = trace.Slices.ToLookup(static s => s.Cpu);
        foreach (TraceSlice slice in trace.Slices)
            labels.TryAdd((slice.Domain, slice.Vcpu), $"{names[slice.Domain]} vCPU {slice.Vcpu}");
        foreach (uint cpu in trace.Cpus)
        {
            int thread = CpuThread(cpu);
            yield return slices[cpu].Select(s => new ChromeEvent(
                CpuProcess, thread, s.Start, s.End - s.Start, labels[(s.Domain, s.Vcpu)], Waited: s.Waited, Then: s.Next.ToString().ToLowerInvariant()));
            yield return trace.Losses.Where(loss => loss.Cpu == cpu).Select(loss => new ChromeEvent(
                CpuProcess, thread, loss.Start, null, $"{TraceText.Count((long)loss.Count, "slice")} lost"));
        }
    }

    private static IEnumerable<ChromeEvent> VcpuEvents(VcpuTrack track) => track.Spans.Select(span => new ChromeEvent(
        (int)track.Domain.Domain, VcpuThread(track), span.Start, span.Length, NameOf(span.Doing), span.Doing == VcpuDoing.Running ? span.Cpu : null));

    private static string NameOf(VcpuDoing doing) => doing switch
    {
        VcpuDoing.Running => "running",
        VcpuDoing.Woken => "woken, waits",
        _ => "preempted, waits",
    };

    private static int CpuThread(uint cpu) => CpuProcess + 1 + (int)cpu;

    private static int VcpuThread(VcpuTrack track) => ((int)track.Domain.Domain * ThreadsOfADomain) + (int)track.Vcpu;

    /// <summary>Sequences that are in order, as one.</summary>
    private static IEnumerable<ChromeEvent> InOrder(IReadOnlyList<IEnumerable<ChromeEvent>> tracks)
    {
        PriorityQueue<IEnumerator<ChromeEvent>, (long Start, int Track)> next = new();
        for (int track = 0; track < tracks.Count; track++)
            Advance(tracks[track].GetEnumerator(), track);
        while (next.TryDequeue(out IEnumerator<ChromeEvent>? first, out (long Start, int Track) at))
        {
            yield return first.Current;
            Advance(first, at.Track);
        }

        void Advance(IEnumerator<ChromeEvent> events, int track)
        {
            if (events.MoveNext())
                next.Enqueue(events, (events.Current.Start, track));
            else
                events.Dispose();
        }
    }

    private static void WriteProcess(Utf8JsonWriter writer, int process, string name, int place)
    {
        WriteMetadata(writer, process, null, "process_name", "name", name);
        WriteMetadata(writer, process, null, "process_sort_index", "sort_index", place);
    }

    private static void WriteThread(Utf8JsonWriter writer, int process, int thread, string name, int place)
    {
        WriteMetadata(writer, process, thread, "thread_name", "name", name);
        WriteMetadata(writer, process, thread, "thread_sort_index", "sort_index", place);
    }

    private static void WriteMetadata(Utf8JsonWriter writer, int process, int? thread, string kind, string key, object value)
    {
        Begin(writer, "M", process, thread, kind);
        writer.WriteStartObject("args");
        writer.WritePropertyName(key);
        JsonSerializer.Serialize(writer, value);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteEvent(Utf8JsonWriter writer, in ChromeEvent happened)
    {
        Begin(writer, happened.Length is null ? "i" : "X", happened.Process, happened.Thread, happened.Name);
        writer.WriteNumber("ts", Microseconds(happened.Start));
        if (happened.Length is { } length)
            writer.WriteNumber("dur", Microseconds(length));
        else
            writer.WriteString("s", "t");
        WriteArguments(writer, in happened);
        writer.WriteEndObject();
    }

    private static void WriteArguments(Utf8JsonWriter writer, in ChromeEvent happened)
    {
        if (happened.Cpu is null && happened.Then is null)
            return;
        writer.WriteStartObject("args");
        if (happened.Cpu is { } cpu)
            writer.WriteNumber("cpu", cpu);
        if (happened.Waited > 0)
            writer.WriteNumber("waited_us", Microseconds(happened.Waited));
        if (happened.Then is { } then)
            writer.WriteString("then", then);
        writer.WriteEndObject();
    }

    private static void Begin(Utf8JsonWriter writer, string phase, int process, int? thread, string name)
    {
        writer.WriteStartObject();
        writer.WriteString("ph", phase);
        writer.WriteNumber("pid", process);
        if (thread is { } number)
            writer.WriteNumber("tid", number);
        writer.WriteString("name", name);
    }

    /// <summary>The format's unit, without rounding.</summary>
    private static decimal Microseconds(long ns) => ns / 1000m;
}
