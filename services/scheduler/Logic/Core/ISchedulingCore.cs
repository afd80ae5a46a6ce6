namespace Microkernel.Services.Scheduler;

/// <summary>The core's dispatcher, as far as the scheduler reads and steers it.</summary>
public interface ISchedulingCore
{
    /// <summary>Which CPUs and vCPUs there are, and what these did.</summary>
    CoreState Read();

    /// <summary>What a CPU's last slices were, as many as are read at a time. The core keeps some for each CPU, and counts them from its start.</summary>
    /// <param name="cpu">The CPU.</param>
    /// <param name="first">The number of the first one that is wanted.</param>
    SliceBatch ReadSlices(uint cpu, ulong first);

    /// <summary>Changes contexts and tables, all or none.</summary>
    ApplyResult Apply(Transaction transaction);

    /// <summary>Confines a vCPU to CPUs, whatever contexts say: how services are kept out of pools.</summary>
    /// <returns>False if there is no such vCPU.</returns>
    bool Pin(uint domain, uint vcpu, ulong cpus);
}
