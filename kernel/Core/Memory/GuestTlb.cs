using System.Runtime.CompilerServices;
using System.Threading;
using Microkernel.Core.Hardware;

namespace Microkernel.Core.Memory;

/// <summary>
/// Makes sure that no CPU uses a translation that a domain's nested page table no longer has. The order for taking a
/// page away is: change the table, <see cref="Shootdown"/>, only then release the frame.
/// </summary>
public sealed class GuestTlb
{
    private readonly Machine _machine;
    private readonly AsidAllocator[] _cpus;
    private ulong _epoch = 1;

    /// <summary>Creates the flush state of a domain that may run on <paramref name="cpus"/>.</summary>
    public GuestTlb(Machine machine, AsidAllocator[] cpus)
    {
        _machine = machine;
        _cpus = cpus;
    }

    /// <summary>Grows with every shootdown; a tag last used in an earlier epoch is flushed before it is entered.</summary>
    internal ulong Epoch => Volatile.Read(ref _epoch);

    /// <summary>
    /// Returns when no CPU can use a translation of this domain that is no longer in its table: each CPU that was in
    /// the domain has left guest mode and flushes before it enters again. May be called with locks held.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Shootdown()
    {
        Interlocked.Increment(ref _epoch);
        AsidAllocator[] cpus = _cpus;
        for (int cpu = 0; cpu < cpus.Length; cpu++)
        {
            if (cpus[cpu].IsRunning(this, out long entry))
                WaitFor(cpu, entry);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void WaitFor(int cpu, long entry)
    {
        _machine.SendKick(cpu);
        while (_cpus[cpu].IsStillIn(entry))
            Thread.SpinWait(1);
    }
}
