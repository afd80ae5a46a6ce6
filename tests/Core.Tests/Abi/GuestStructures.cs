using System;
using System.Linq;
using System.Runtime.InteropServices;
using Microkernel.Core.Tests.Fakes;

namespace Microkernel.Core.Tests.Abi;

/// <summary>
/// Xen's structures in a domain's memory, laid out as the C compiler lays them out: what the core reads is what a guest
/// compiled against the public headers writes.
/// </summary>
public sealed class GuestStructures(TestHost host, int domain, int bits)
{
    /// <summary>Zeroes a structure at a guest-physical address and sets fields of it; returns the address.</summary>
    public ulong Write(ulong gpa, string type, params (string Field, ulong Value)[] fields)
    {
        Span<byte> bytes = At(gpa).Slice(0, XenLayout.SizeOf(type, bits));
        bytes.Clear();
        (int Offset, int Size)[] places = Places(type, [.. fields.Select(f => f.Field)]);
        for (int i = 0; i < fields.Length; i++)
        {
            ulong value = fields[i].Value;
            MemoryMarshal.AsBytes(new Span<ulong>(ref value)).Slice(0, places[i].Size).CopyTo(bytes.Slice(places[i].Offset));
        }

        return gpa;
    }

    /// <summary>A field of a structure; 2-byte fields are signed, as every status is.</summary>
    public long Read(ulong gpa, string type, string field)
    {
        (int offset, int size) = Places(type, field)[0];
        Span<byte> bytes = At(gpa).Slice(offset, size);
        return size switch
        {
            2 => MemoryMarshal.Read<short>(bytes),
            4 => MemoryMarshal.Read<uint>(bytes),
            _ => MemoryMarshal.Read<long>(bytes),
        };
    }

    /// <summary>Writes an array of xen_pfn_t or xen_ulong_t; returns its address.</summary>
    public ulong WriteArray(ulong gpa, params ulong[] values)
    {
        Span<byte> bytes = At(gpa);
        for (int i = 0; i < values.Length; i++)
        {
            if (bits == 64)
            {
                MemoryMarshal.Write(bytes.Slice(i * 8), in values[i]);
            }
            else
            {
                MemoryMarshal.Write(bytes.Slice(i * 4), (uint)values[i]);
            }
        }

        return gpa;
    }

    private (int Offset, int Size)[] Places(string type, params string[] fields)
    {
        long[] values = XenLayout.Values(
            bits, [.. fields.SelectMany(f => new[] { $"offsetof({type}, {f})", $"sizeof((({type} *)0)->{f})" })]);
        return [.. values.Chunk(2).Select(pair => ((int)pair[0], (int)pair[1]))];
    }

    private Span<byte> At(ulong gpa) => host.Page(domain, gpa >> 12).Slice((int)(gpa & 0xFFF));
}
