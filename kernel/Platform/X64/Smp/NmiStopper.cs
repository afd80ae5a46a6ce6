using Microkernel.Platform.Apic;
using Microkernel.Platform.Cpus;
using Microkernel.Platform.Diagnostics;

namespace Microkernel.Platform.Smp;

/// <summary>Stops the other CPUs by an NMI, which they serve whatever they are doing, guests included.</summary>
internal sealed class NmiStopper(LocalApic apic, Processors processors) : CpuStopper
{
    /// <inheritdoc/>
    public override void StopOthers()
    {
        for (int cpu = 0; cpu < processors.ApicIds.Length; cpu++)
        {
            if (cpu != CpuBlock.CurrentIndex)
                apic.SendNmi(processors.ApicIds[cpu]);
        }
    }
}
