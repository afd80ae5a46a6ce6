using System.Runtime.CompilerServices;
using System.Threading;

namespace Microkernel.Core.Memory;

/// <summary>
/// Per physical CPU: which address space tag (ASID) a vCPU is entered with, whether its translations must be flushed,
/// and whether the CPU is in guest mode. Only the CPU itself calls <see cref="EnterGuest"/> and <see cref="LeaveGuest"/>;
/// it leaves first thing after the exit, before it takes any lock, so that nobody waits for one that waits.
/// </summary>
public sealed class AsidAllocator
{
    private const int CpuBits = 16;
    private const ulong FirstGeneration = 1;

    private readonly uint _asidCount;
    private uint _next = 1;
    private ulong _stamp;

    // Odd while in guest mode. The domain that runs is written before it becomes odd.
    private long _entries;
    private GuestTlb? _running;

    /// <summary>Creates the allocator of CPU <paramref name="cpu"/> with tags 1 to <paramref name="asidCount"/> - 1.</summary>
    public AsidAllocator(int cpu, uint asidCount)
    {
        _stamp = (FirstGeneration << CpuBits) | (uint)cpu;
        _asidCount = asidCount;
    }

    /// <summary>
    /// Says how a vCPU of the domain of <paramref name="tlb"/> is entered on this CPU, and that it will be now.
    /// </summary>
    /// <param name="tlb">The domain's flush state.</param>
    /// <param name="tag">The vCPU's tag, updated.</param>
    /// <param name="flush">The CPU must drop what it holds under the tag.</param>
    /// <returns>The tag to enter with.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint EnterGuest(GuestTlb tlb, ref AsidTag tag, out bool flush)
    {
        if (_running != tlb)
            _running = tlb;

        // A full barrier: either the domain's epoch is read below with a shootdown's change in it, or that shootdown
        // sees this CPU in guest mode and waits for it.
        Interlocked.Increment(ref _entries);
        ulong epoch = tlb.Epoch;
        flush = tag.Epoch != epoch;
        if (flush | tag.Stamp != _stamp)
        {
            tag.Epoch = epoch;
            if (tag.Stamp != _stamp)
            {
                Renew(ref tag);
                flush = true;
            }
        }

        return tag.Asid;
    }

    /// <summary>The CPU is back in host mode.</summary>
    public void LeaveGuest() => Volatile.Write(ref _entries, _entries + 1);

    /// <summary>The CPU runs a vCPU of that domain now; <paramref name="entry"/> identifies the stay in guest mode.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool IsRunning(GuestTlb tlb, out long entry)
    {
        entry = Volatile.Read(ref _entries);
        return (entry & 1) != 0 && Volatile.Read(ref _running) == tlb;
    }

    /// <summary>The CPU has not left guest mode since <paramref name="entry"/>.</summary>
    internal bool IsStillIn(long entry) => Volatile.Read(ref _entries) == entry;

    // When the tags run out, all are handed out anew: vCPUs of an older generation get a fresh one before they run.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Renew(ref AsidTag tag)
    {
        if (_next >= _asidCount)
        {
            _stamp += 1UL << CpuBits;
            _next = 1;
        }

        tag.Asid = _next++;
        tag.Stamp = _stamp;
    }
}
