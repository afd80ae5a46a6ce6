using System.Linq;
using Microkernel.Protos.Scheduler;

namespace Microkernel.Services.Scheduler;

/// <summary>How far a trace has read the slices of a CPU.</summary>
/// <param name="cpu">The CPU.</param>
/// <param name="beginNs">Slices that ended until then do not belong to the trace.</param>
/// <param name="endNs">Nor do those that began from then on.</param>
internal sealed class CpuCursor(uint cpu, ulong beginNs, ulong endNs)
{
    /// <summary>A slice that has begun may be unknown for so long, in ns: five times as long as the core's decisions hold.</summary>
    private const ulong PatienceNs = 50_000_000;

    /// <summary>
    /// So many slices at a time are a reason to read on at once. Fewer are what happened since the last look, in part because of this trace: who
    /// followed those without a pause would follow its own work for ever.
    /// </summary>
    private const int Many = 64;

    private ulong _next;
    private bool _hasBegun;

    /// <summary>There is nothing to come that belongs to the trace.</summary>
    internal bool IsDone { get; private set; }

    /// <summary>There is probably much more to read.</summary>
    internal bool HasMore { get; private set; }

    /// <summary>The core's clock when this CPU was read last.</summary>
    internal ulong NowNs { get; private set; }

    /// <summary>Reads on, and gives what belongs to the trace.</summary>
    internal CpuSlices Read(SchedulerEngine engine)
    {
        SliceBatch batch = engine.ReadSlices(cpu, _next);
        // What was gone before anybody wanted it is not missed.
        var found = new CpuSlices { Cpu = cpu, Lost = _hasBegun ? batch.Lost : 0 };
        found.Slices.AddRange(batch.Slices.Where(slice => slice.EndNs > beginNs && slice.StartNs < endNs).Select(Describe));
        (_next, NowNs, _hasBegun) = (batch.Next, batch.NowNs, true);
        bool isPast = batch.Slices.Count > 0 && batch.Slices[^1].StartNs >= endNs;
        IsDone = isPast || (batch.Slices.Count == 0 && NowNs >= endNs + PatienceNs);
        HasMore = batch.Slices.Count >= Many && !isPast;
        return found;
    }

    private static Slice Describe(CpuSlice slice) => new()
    {
        Domain = slice.Domain,
        Vcpu = slice.Vcpu,
        StartNs = slice.StartNs,
        LengthNs = slice.EndNs - slice.StartNs,
        WaitedNs = slice.WaitedNs,
        Next = (VcpuState)slice.Next,
    };
}
