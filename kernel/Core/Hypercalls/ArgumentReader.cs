using System;
using System.Runtime.InteropServices;

namespace Microkernel.Core.Hypercalls;

/// <summary>
/// Reads a structure field by field in the layout of the caller: xen_ulong_t, pfns and guest handles are 4 or 8 bytes wide, and
/// 64-bit integers align to 4 bytes in 32-bit code. The bytes are a private copy.
/// </summary>
public ref struct ArgumentReader
{
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly bool _is32;
    private int _at;

    /// <summary>Reads from <paramref name="bytes"/>.</summary>
    public ArgumentReader(ReadOnlySpan<byte> bytes, bool is32)
    {
        _bytes = bytes;
        _is32 = is32;
    }

    /// <summary>Where the next field would start, unaligned.</summary>
    public readonly int Position => _at;

    /// <summary>uint16_t, domid_t.</summary>
    public ushort UInt16() => MemoryMarshal.Read<ushort>(Take(2, 2));

    /// <summary>uint32_t, unsigned int.</summary>
    public uint UInt32() => MemoryMarshal.Read<uint>(Take(4, 4));

    /// <summary>uint64_t.</summary>
    public ulong UInt64() => MemoryMarshal.Read<ulong>(Take(8, _is32 ? 4 : 8));

    /// <summary>unsigned long, xen_pfn_t, XEN_GUEST_HANDLE: as wide as the caller's pointers.</summary>
    public ulong Native() => _is32 ? UInt32() : UInt64();

    private ReadOnlySpan<byte> Take(int size, int alignment)
    {
        int start = (_at + alignment - 1) & -alignment;
        _at = start + size;
        return _bytes.Slice(start, size);
    }
}
