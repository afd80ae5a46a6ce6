using System;
using System.Linq;
using System.Runtime.InteropServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using Microkernel.Core.Memory;
using Microkernel.Core.Tests.Abi;
using Microkernel.Core.Tests.Fakes;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Grants;

/// <summary>Domains that grant to each other; the granter's side is written as a guest would write it.</summary>
internal sealed class GrantFixture
{
    public const ulong GrantOp = 20;
    public const ulong Arguments = 0x1000;
    public const ulong Hole = 5000;

    /// <summary>Where every domain maps its grant frames.</summary>
    public const ulong TableGfn = 7000;

    private const string MapType = "struct gnttab_map_grant_ref";
    private const string UnmapType = "struct gnttab_unmap_grant_ref";
    private const string CopyType = "struct gnttab_copy";

    private readonly int _bits;
    private readonly GuestStructures[] _guests;

    public GrantFixture(int bits = 64, int domains = 2, bool version2 = false)
    {
        _bits = bits;
        Host = new TestHost(domains, configure: config => config.GrantV2 = version2);
        _guests = [.. Enumerable.Range(0, domains).Select(i => new GuestStructures(Host, i, bits))];
        for (int i = 0; i < domains; i++)
        {
            Assert.That(Host.Domain(i).Grants.MapFrame(0, TableGfn), Is.Zero);
        }
    }

    public TestHost Host { get; }

    public HostMemory Memory => Host.Kernel.Memory;

    public Domain Domain(int index) => Host.Domain(index);

    public ushort Id(int index) => Host.Domain(index).Id;

    public GuestStructures Guest(int index) => _guests[index];

    public long Call(int domain, uint operation, ulong arguments = Arguments, ulong count = 1) =>
        Host.Call(domain, GrantOp, _bits == 32, operation, arguments, count);

    /// <summary>Makes version 1 entry <paramref name="reference"/> of a domain grant a page to another domain.</summary>
    public void Grant(int domain, uint reference, ushort grantee, ulong gfn, uint flags = GrantAbi.PermitAccess)
    {
        Span<uint> entry = Entry(domain, reference);
        entry[1] = (uint)gfn;
        entry[0] = flags | (uint)grantee << 16;
    }

    public uint Flags(int domain, uint reference) => Entry(domain, reference)[0] & 0xFFFF;

    public Span<uint> Entry(int domain, uint reference) =>
        MemoryMarshal.Cast<byte, uint>(Host.Page(domain, TableGfn))[(int)(reference * 2)..];

    public long Map(int domain, ushort granter, uint reference, ulong gfn, out uint handle, uint flags = GrantAbi.HostMap)
    {
        WriteMap(Arguments, domain, granter, reference, gfn, flags);
        Assert.That(Call(domain, GrantAbi.MapGrantRef), Is.Zero);
        return ReadMap(Arguments, domain, out handle);
    }

    public void WriteMap(ulong at, int domain, ushort granter, uint reference, ulong gfn, uint flags = GrantAbi.HostMap) =>
        _guests[domain].Write(
            at, MapType, ("host_addr", gfn << 12), ("flags", flags), ("ref", reference), ("dom", granter));

    public long ReadMap(ulong at, int domain, out uint handle)
    {
        handle = (uint)_guests[domain].Read(at, MapType, "handle");
        return _guests[domain].Read(at, MapType, "status");
    }

    public long Unmap(int domain, ulong gfn, uint handle)
    {
        WriteUnmap(Arguments, domain, gfn, handle);
        Assert.That(Call(domain, GrantAbi.UnmapGrantRef), Is.Zero);
        return ReadUnmap(Arguments, domain);
    }

    public void WriteUnmap(ulong at, int domain, ulong gfn, uint handle) =>
        _guests[domain].Write(at, UnmapType, ("host_addr", gfn << 12), ("handle", handle));

    public long ReadUnmap(ulong at, int domain) => _guests[domain].Read(at, UnmapType, "status");

    /// <summary>Copies 8 bytes unless told otherwise; a place is (domid, reference or page, offset).</summary>
    public long Copy(
        int domain, (ushort Domain, ulong Number, uint Offset) source, (ushort Domain, ulong Number, uint Offset) target,
        uint flags, uint length = 8)
    {
        _guests[domain].Write(
            Arguments, CopyType,
            ((flags & GrantAbi.CopySourceRef) != 0 ? "source.u.ref" : "source.u.gmfn", source.Number),
            ((flags & GrantAbi.CopyTargetRef) != 0 ? "dest.u.ref" : "dest.u.gmfn", target.Number),
            ("source.domid", source.Domain), ("source.offset", source.Offset),
            ("dest.domid", target.Domain), ("dest.offset", target.Offset), ("len", length), ("flags", flags));
        Assert.That(Call(domain, GrantAbi.Copy), Is.Zero);
        return _guests[domain].Read(Arguments, CopyType, "status");
    }

    public ulong Mfn(int domain, ulong gfn)
    {
        Assert.That(Domain(domain).Physmap.TryLookup(gfn, out PhysmapEntry entry), Is.True);
        return entry.Mfn;
    }

    public static void TearDown(Domain domain)
    {
        while (!domain.Grants.TeardownPiece() || !domain.Memory.TeardownPiece())
        {
        }
    }
}
