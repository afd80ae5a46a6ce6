using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Domains;

/// <summary>Takes back what a domain that has ended holds. Every step may be repeated; the last one returns its frames.</summary>
public static class DomainTeardown
{
    /// <summary>Does one bounded piece; true when nothing is left.</summary>
    public static bool DoPiece(Domain domain)
    {
        foreach (Vcpu vcpu in domain.Vcpus)
            vcpu.Timers.Reset();

        domain.Watchdogs.Reset();
        return domain.Console.TryDetach() && domain.Events.TeardownPiece() && domain.Grants.TeardownPiece() && domain.Memory.TeardownPiece();
    }
}
