using Microkernel.Core.Abi;
using Microkernel.Core.Hypercalls;

namespace Microkernel.Core.Domains;

/// <summary>Domain ids in arguments of hypercalls.</summary>
public static class DomainReference
{
    /// <summary>The domain that <paramref name="id"/> names to the caller, or null.</summary>
    public static Domain? Find(in HypercallCall call, ushort id) =>
        id == DomainIds.Self ? call.Domain : call.Domain.Kernel.Domains.Find(id);

    /// <summary>For operations that a guest may do to itself alone: 0, EPERM for another domain, ESRCH for none.</summary>
    public static long CheckSelf(in HypercallCall call, ushort id)
    {
        Domain? domain = Find(in call, id);
        if (domain == call.Domain)
            return 0;

        return domain == null ? XenError.ESRCH : XenError.EPERM;
    }
}
