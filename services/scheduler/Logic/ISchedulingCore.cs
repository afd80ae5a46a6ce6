using System.Collections.Generic;

namespace Microkernel.Services.Scheduler;

/// <summary>What the scheduler asks of the core, with its privileges Control and Info.</summary>
public interface ISchedulingCore
{
    /// <summary>The CPUs that run domains.</summary>
    IReadOnlyList<uint> ListCpus();

    /// <summary>All domains.</summary>
    IReadOnlyList<uint> ListDomains();

    /// <summary>A domain's parameters in force (XEN_DOMCTL_scheduler_op, getinfo); null if there is no such domain.</summary>
    Credit? Get(uint domain);

    /// <summary>Sets them (putinfo).</summary>
    /// <returns>False if there is no such domain.</returns>
    /// <exception cref="SchedulingException">The core refuses.</exception>
    bool Set(uint domain, Credit parameters);
}
