using System.Collections.Generic;

namespace Microkernel.Services.Toolstack.Core;

/// <summary>
/// What the toolstack asks of the core itself, with its privileges Control, Info and Log. Calls do not wait.
/// A <see cref="CoreException"/> says what the core answered.
/// </summary>
public interface ICore
{
    /// <summary>The toolstack's own domain.</summary>
    uint OwnDomain { get; }

    /// <summary>The lowest number that a guest gets; those below belong to entries of the manifest.</summary>
    uint FirstGuest { get; }

    /// <summary>The core's clock, in nanoseconds; it goes on over restarts of the toolstack.</summary>
    ulong Now { get; }

    /// <summary>All domains.</summary>
    IReadOnlyList<CoreDomain> ListDomains();

    /// <summary>A domain's vCPU; null if there is none.</summary>
    CoreVcpu? GetVcpu(uint domain, uint vcpu);

    /// <summary>Stops a domain's vCPUs; again is no error.</summary>
    void Pause(uint domain);

    /// <summary>Lets a domain's vCPUs run; again is no error.</summary>
    void Unpause(uint domain);

    /// <summary>The machine.</summary>
    CoreHost GetHost();

    /// <summary>A part of the core's log.</summary>
    /// <param name="index">Where to go on; 0 for the beginning.</param>
    /// <param name="clears">Whether what was there is forgotten.</param>
    CoreLogPart ReadLog(uint index, bool clears);

    /// <summary>Has the core compare its tables; null if that is not possible right now.</summary>
    CoreAudit? Audit();
}
