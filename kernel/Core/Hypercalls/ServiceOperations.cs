using Microkernel.Core.Abi;
using Microkernel.Core.Domains;

namespace Microkernel.Core.Hypercalls;

/// <summary>service_op (__HYPERVISOR_arch_0), for what Xen has no call for: the first argument is the operation, the second its structure.</summary>
public static class ServiceOperations
{
    /// <summary>Its hypercall number.</summary>
    public const int Number = 48;

    /// <summary>The operations.</summary>
    public static readonly SubOperation[] Table =
    [
        new(ServiceAbi.GetInfo, "get_info", "service"),
        new(ServiceAbi.GetRing, "get_ring", "service"),
        new(ServiceAbi.GetDevice, "get_device", "service"),
        new(ServiceAbi.GetObject, "get_object", "service", Privilege.Build),
        new(ServiceAbi.ReadObject, "read_object", "service", Privilege.Build),
        new(DomainBuildingAbi.CopyObject, "copy_object", "domctl", Privilege.Build),
        new(DomainBuildingAbi.CopyTo, "copy_to", "domctl", Privilege.Build),
        new(DomainBuildingAbi.SetEntry, "set_entry", "domctl", Privilege.Build),
        new(DomainBuildingAbi.SeedGrant, "seed_grant", "domctl", Privilege.Build),
        new(DomainBuildingAbi.AttachConsole, "attach_console", "domctl", Privilege.Build),
        new(ServiceAbi.Audit, "audit", "service", Privilege.Info),
        new(PolicyAbi.ReadScheduling, "read_scheduling", "policy", Privilege.Info),
        new(PolicyAbi.ApplyScheduling, "apply_scheduling", "policy", Privilege.Control),
        new(PolicyAbi.ReadSlices, "read_slices", "policy", Privilege.Info),
    ];

    /// <summary>Serves the operation that the first argument names.</summary>
    public static long Serve(ref HypercallCall call) => call.Operation switch
    {
        >= PolicyAbi.ReadScheduling => PolicyOperations.Serve(ref call),
        >= DomainBuildingAbi.CopyObject and <= DomainBuildingAbi.AttachConsole => DomainBuildingOperations.Serve(ref call),
        _ => ServiceQueries.Serve(ref call),
    };
}
