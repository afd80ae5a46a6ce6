namespace Microkernel.Services.Scheduler;

/// <summary>The core's dispatcher, as far as the scheduler reads and steers it.</summary>
public interface ISchedulingCore
{
    /// <summary>Which CPUs and vCPUs there are, and what these did.</summary>
    CoreState Read();

    /// <summary>Changes contexts and tables, all or none.</summary>
    ApplyResult Apply(Transaction transaction);

    /// <summary>Confines a vCPU to CPUs, whatever contexts say: how services are kept out of pools.</summary>
    /// <returns>False if there is no such vCPU.</returns>
    bool Pin(uint domain, uint vcpu, ulong cpus);
}
