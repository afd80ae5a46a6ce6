using System;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microkernel.Xen;

namespace Microkernel.HostileService;

/// <summary>Hypercalls with any arguments, structures as 64-bit words: whoever attacks does not keep to a library.</summary>
internal sealed class RawCalls(Privcmd privcmd)
{
    /// <summary>A page of this domain's address space that nothing is at.</summary>
    internal const ulong FreePage = 0xE0000;

    private const ulong ControlVersion = 0x15UL << 32;
    private const uint MapGrant = 0, CopyGrant = 5;
    private const uint HostMap = 2, CopySourceRef = 1;
    private const int MapStatusAt = 18, CopyStatusAt = 36;

    /// <summary>A call with a number of an operation and a structure.</summary>
    internal long Call(uint number, uint operation, params ReadOnlySpan<ulong> words)
    {
        using HypercallBuffer buffer = Fill(words);
        return privcmd.TryCall(number, operation, buffer.Address);
    }

    /// <summary>domctl; the domain it names afterwards comes back.</summary>
    internal long Control(uint command, ref ushort domain, params ReadOnlySpan<ulong> union)
    {
        using HypercallBuffer buffer = Fill([command | ControlVersion, domain, .. union]);
        long result = privcmd.TryCall(Hypercall.Domain, buffer.Address);
        domain = MemoryMarshal.Read<ushort>(buffer.Bytes[sizeof(ulong)..]);
        return result;
    }

    /// <summary>domctl.</summary>
    internal long Control(uint command, ushort domain, params ReadOnlySpan<ulong> union) => Control(command, ref domain, union);

    /// <summary>sysctl.</summary>
    internal long System(uint command, params ReadOnlySpan<ulong> union)
    {
        using HypercallBuffer buffer = Fill([command | ControlVersion, .. union]);
        return privcmd.TryCall(Hypercall.System, buffer.Address);
    }

    /// <summary>A call whose structure begins with the address of a list, which has one word.</summary>
    internal long CallWithList(uint number, uint operation, ulong element, params ReadOnlySpan<ulong> rest)
    {
        using HypercallBuffer list = Fill([element]);
        return Call(number, operation, [list.Address, .. rest]);
    }

    /// <summary>A call whose structure ends with the address of some bytes.</summary>
    internal long CallWithAddressLast(uint number, uint operation, ReadOnlySpan<byte> bytes, params ReadOnlySpan<ulong> words)
    {
        using HypercallBuffer buffer = privcmd.Rent();
        bytes.CopyTo(buffer.Bytes);
        return Call(number, operation, [.. words, buffer.Address]);
    }

    /// <summary>Maps a page of another domain without a grant (XENMEM_add_to_physmap_batch): the error of the one element.</summary>
    internal long MapForeign(ushort domain, ulong page)
    {
        const uint batch = 23, foreign = 4;
        using HypercallBuffer lists = Fill([page, FreePage, 0]);
        ulong head = Privcmd.Self | foreign << 16 | 1UL << 32 | (ulong)domain << 48;
        long result = Call(Hypercall.Memory, batch, head, lists.Address, lists.Address + sizeof(ulong), lists.Address + (2 * sizeof(ulong)));
        return result != 0 ? result : MemoryMarshal.Read<int>(lists.Bytes[(2 * sizeof(ulong))..]);
    }

    /// <summary>Maps a grant of another domain: GNTST_*.</summary>
    internal long Map(ushort domain, uint reference)
    {
        using HypercallBuffer buffer = Fill([FreePage << 12, HostMap | (ulong)reference << 32, domain, 0]);
        long result = privcmd.TryCall(Hypercall.GrantTable, MapGrant, buffer.Address, 1);
        return result != 0 ? result : MemoryMarshal.Read<short>(buffer.Bytes[MapStatusAt..]);
    }

    /// <summary>Copies from a grant of another domain to a page of this one: GNTST_*.</summary>
    internal long CopyFrom(ushort domain, uint reference)
    {
        using HypercallBuffer buffer = Fill([reference, domain, 0, Privcmd.Self, 16 | CopySourceRef << 16]);
        long result = privcmd.TryCall(Hypercall.GrantTable, CopyGrant, buffer.Address, 1);
        return result != 0 ? result : MemoryMarshal.Read<short>(buffer.Bytes[CopyStatusAt..]);
    }

    /// <summary>The operation's part of struct xen_domctl for XEN_DOMCTL_createdomain: a PVH domain with a vCPU.</summary>
    internal static ulong[] Creation()
    {
        byte[] bytes = new byte[64];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(20), 3);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(28), 1);
        return MemoryMarshal.Cast<byte, ulong>(bytes).ToArray();
    }

    private HypercallBuffer Fill(ReadOnlySpan<ulong> words)
    {
        HypercallBuffer buffer = privcmd.Rent();
        buffer.Bytes.Clear();
        MemoryMarshal.AsBytes(words).CopyTo(buffer.Bytes);
        return buffer;
    }
}
