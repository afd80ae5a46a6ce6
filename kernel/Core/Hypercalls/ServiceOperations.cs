using System;

namespace Microkernel.Core.Hypercalls;

/// <summary>service_op (__HYPERVISOR_arch_0), for what Xen has no call for: the first argument is the operation, the second its structure.</summary>
public static class ServiceOperations
{
    /// <summary>Its hypercall number.</summary>
    public const int Number = 48;

    /// <summary>The operations.</summary>
    public static readonly SubOperation[] Table = Join(ServiceQueries.Table, DomainBuildingOperations.Table);

    private static SubOperation[] Join(ReadOnlySpan<SubOperation> first, ReadOnlySpan<SubOperation> second)
    {
        SubOperation[] all = new SubOperation[first.Length + second.Length];
        first.CopyTo(all);
        second.CopyTo(all.AsSpan(first.Length));
        return all;
    }
}
