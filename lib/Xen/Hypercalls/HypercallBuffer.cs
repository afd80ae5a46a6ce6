using System;
using Microkernel.Xen.Native;

namespace Microkernel.Xen;

/// <summary>
/// Memory whose address a hypercall may name: the kernel's own, which stays where it is. Its start is aligned to a page. A span of it
/// must not be used after <see cref="Dispose"/>.
/// </summary>
public sealed class HypercallBuffer : IDisposable
{
    private readonly Mapping _memory;
    private readonly Action<HypercallBuffer> _giveBack;

    internal HypercallBuffer(Mapping memory, Action<HypercallBuffer> giveBack)
    {
        _memory = memory;
        _giveBack = giveBack;
    }

    /// <summary>The address, as the hypervisor takes it.</summary>
    public ulong Address => _memory.Address;

    /// <summary>The bytes, whole pages. What an earlier user left is still there.</summary>
    public Span<byte> Bytes => _memory.Bytes;

    /// <summary>Gives the memory back.</summary>
    public void Dispose() => _giveBack(this);

    internal void Free() => _memory.Dispose();
}
