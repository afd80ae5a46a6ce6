namespace Microkernel.Core.Hypercalls;

/// <summary>A hypercall of the ABI table.</summary>
/// <param name="number">Its number: __HYPERVISOR_* of xen/xen.h.</param>
/// <param name="name">Its name in Xen's headers, without prefix.</param>
/// <param name="operations">The rows.</param>
public sealed class Hypercall(int number, string name, params SubOperation[] operations)
{
    /// <summary>Its number: __HYPERVISOR_* of xen/xen.h.</summary>
    public int Number => number;

    /// <summary>Its name in Xen's headers, without prefix.</summary>
    public string Name => name;

    /// <summary>The rows.</summary>
    public SubOperation[] Operations => operations;
}
