using Microkernel.Core.Hardware;

namespace Microkernel.Platform.Smp;

/// <summary>
/// Which CPUs may run guests: all, but for a fault of QEMU's software emulation. It changes the first CPU's flags without a lock whenever
/// any CPU, in a guest too, executes FXRSTOR, XRSTOR, FRSTOR or FLDENV (its cpu_clear_ignne, seen in 7.2 and 10.0). When the first CPU
/// executes VMRUN or #VMEXIT at that moment, its nested paging flag keeps the old value: the host then walks a guest's tables, or a guest
/// the host's.
/// </summary>
internal static class GuestCpus
{
    private const uint HypervisorLeaf = 0x4000_0000;

    // "TCGT", of "TCGTCGTCGTCG".
    private const uint SoftwareEmulation = 0x5447_4354;

    /// <summary>The first CPU that may run guests, of <paramref name="cpuCount"/>.</summary>
    public static int First(Machine machine, int cpuCount) =>
        cpuCount > 1 && machine.Cpuid(HypervisorLeaf, 0).Ebx == SoftwareEmulation ? 1 : 0;
}
