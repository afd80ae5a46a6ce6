using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Google.Protobuf;
using Microkernel.Protos.Scheduler;

namespace Microkernel.Services.Scheduler;

/// <summary>
/// Follows the slices of all CPUs for a while. It waits for its reader, and the core does not wait for it: what is gone by the time that the
/// reader has taken what was before is counted, and everything else goes on.
/// </summary>
internal sealed class SliceTrace
{
    /// <summary>The longest part, in bytes: the smallest ring on its way takes more.</summary>
    internal const int LongestPart = 16 * 1024;

    private readonly SchedulerEngine _engine;
    private readonly TimeSpan _period;
    private readonly CoreState _begin;
    private readonly CpuCursor[] _cpus;

    /// <summary>Begins now.</summary>
    /// <param name="engine">Reads the core.</param>
    /// <param name="durationNs">How long, by the core's clock.</param>
    /// <param name="period">How often to look.</param>
    internal SliceTrace(SchedulerEngine engine, ulong durationNs, TimeSpan period)
    {
        (_engine, _period, _begin) = (engine, period, engine.Read());
        _cpus = [.. _begin.Cpus.Select(cpu => new CpuCursor(cpu, _begin.NowNs, _begin.NowNs + durationNs))];
    }

    /// <summary>Sends parts until the time is over.</summary>
    /// <param name="send">Done when the reader has room for more.</param>
    /// <param name="cancellation">Ends it at once.</param>
    internal async Task RunAsync(Func<TracePart, Task> send, CancellationToken cancellation)
    {
        await send(new TracePart { NowNs = _begin.NowNs, Cpus = { _begin.Cpus.Select(static cpu => new CpuSlices { Cpu = cpu }) } }).ConfigureAwait(false);
        while (true)
        {
            await SendNewsAsync(send).ConfigureAwait(false);
            if (_cpus.All(static cpu => cpu.IsDone))
                return;
            if (!_cpus.Any(static cpu => cpu.HasMore))
                await Task.Delay(_period, cancellation).ConfigureAwait(false);
        }
    }

    private async Task SendNewsAsync(Func<TracePart, Task> send)
    {
        var part = new TracePart();
        int length = 0;
        foreach (CpuCursor cpu in _cpus.Where(static cpu => !cpu.IsDone))
        {
            CpuSlices found = cpu.Read(_engine);
            int more = found.CalculateSize();
            if (length + more > LongestPart)
            {
                await send(part).ConfigureAwait(false);
                (part, length) = (new TracePart(), 0);
            }

            part.NowNs = cpu.NowNs;
            if (found.Slices.Count == 0 && found.Lost == 0)
                continue;
            part.Cpus.Add(found);
            length += more;
        }

        // A reader learns that time passes even when nobody runs; not while what was before the trace is skipped.
        if (part.Cpus.Count > 0 || !_cpus.Any(static cpu => cpu.HasMore))
            await send(part).ConfigureAwait(false);
    }
}
