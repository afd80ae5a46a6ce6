using Microkernel.Core.Abi;

namespace Microkernel.Core.Hypercalls;

/// <summary>
/// A domain named by a guest without privileges, who may name only itself. Domain 0 always exists for guests: it is the
/// core, as far as their console is concerned.
/// </summary>
public static class DomainArgument
{
    /// <summary>0 if <paramref name="id"/> is DOMID_SELF or the caller's own, EPERM for another domain, ESRCH for none.</summary>
    public static long CheckSelf(in HypercallCall call, ushort id)
    {
        if (id == DomainIds.Self || id == call.Domain.Id)
            return 0;

        return id == 0 || call.Domain.Kernel.Domains.Find(id) != null ? XenError.EPERM : XenError.ESRCH;
    }
}
