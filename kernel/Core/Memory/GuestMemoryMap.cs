using System;
using System.Runtime.InteropServices;

namespace Microkernel.Core.Memory;

/// <summary>What a domain is told of its physical address space (e820), by hvm_start_info and XENMEM_memory_map.</summary>
public sealed class GuestMemoryMap
{
    /// <summary>Most ranges.</summary>
    public const int Capacity = 16;

    /// <summary>Bytes of an e820 entry: 64-bit address and size, 32-bit type.</summary>
    public const int E820EntrySize = 20;

    private readonly ulong[] _starts = new ulong[Capacity];
    private readonly ulong[] _sizes = new ulong[Capacity];
    private readonly uint[] _types = new uint[Capacity];

    /// <summary>Number of ranges.</summary>
    public int Count { get; private set; }

    /// <summary>No ranges.</summary>
    public void Clear() => Count = 0;

    /// <summary>Adds a range: guest-physical address and size in bytes, e820 type (1: RAM, 2: reserved, 3: ACPI).</summary>
    public void Add(ulong start, ulong size, uint type)
    {
        _starts[Count] = start;
        _sizes[Count] = size;
        _types[Count] = type;
        Count++;
    }

    /// <summary>Adds the range of an e820 entry.</summary>
    public void AddE820(ReadOnlySpan<byte> entry) => Add(
        MemoryMarshal.Read<ulong>(entry), MemoryMarshal.Read<ulong>(entry.Slice(8)), MemoryMarshal.Read<uint>(entry.Slice(16)));

    /// <summary>A range's guest-physical address in bytes.</summary>
    public ulong Start(int index) => _starts[index];

    /// <summary>A range's size in bytes.</summary>
    public ulong Size(int index) => _sizes[index];

    /// <summary>A range's e820 type.</summary>
    public uint Type(int index) => _types[index];

    /// <summary>Writes a range as an e820 entry.</summary>
    public void WriteE820(int index, Span<byte> entry)
    {
        MemoryMarshal.Write(entry, in _starts[index]);
        MemoryMarshal.Write(entry.Slice(8), in _sizes[index]);
        MemoryMarshal.Write(entry.Slice(16), in _types[index]);
    }
}
