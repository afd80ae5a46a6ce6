using System;

namespace Microkernel.Core.Hypercalls;

/// <summary>service_op (__HYPERVISOR_arch_0), for what Xen has no call for: the first argument is the operation, the second its structure.</summary>
public static class ServiceOperations
{
    /// <summary>Its hypercall number.</summary>
    public const int Number = 48;

    /// <summary>The operations.</summary>
    public static readonly SubOperation[] Table = Join(ServiceQueries.Table, DomainBuildingOperations.Table, PolicyOperations.Table);

    private static SubOperation[] Join(ReadOnlySpan<SubOperation> first, ReadOnlySpan<SubOperation> second, ReadOnlySpan<SubOperation> third)
    {
        SubOperation[] all = new SubOperation[first.Length + second.Length + third.Length];
        first.CopyTo(all);
        second.CopyTo(all.AsSpan(first.Length));
        third.CopyTo(all.AsSpan(first.Length + second.Length));
        return all;
    }
}
