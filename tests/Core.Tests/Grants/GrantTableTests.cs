using System.Runtime.InteropServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Grants;
using Microkernel.Core.Hardware;
using Microkernel.Core.Memory;
using Microkernel.Core.Tests.Abi;
using NUnit.Framework;
using static Microkernel.Core.Tests.Grants.GrantFixture;

namespace Microkernel.Core.Tests.Grants;

[TestFixture(64)]
[TestFixture(32)]
public sealed class GrantTableTests(int bits)
{
    private const string Query = "struct gnttab_query_size";
    private const string Setup = "struct gnttab_setup_table";
    private const string StatusFrames = "struct gnttab_get_status_frames";
    private const string Swap = "struct gnttab_swap_grant_ref";
    private const ulong List = 0x3000;

    private GrantFixture _f = null!;

    [SetUp]
    public void SetUp() => _f = new GrantFixture(bits, version2: true);

    [Test]
    public void NumbersAreXens()
    {
        (string Name, long Value)[] numbers =
        [
            ("GNTTABOP_map_grant_ref", GrantAbi.MapGrantRef), ("GNTTABOP_unmap_grant_ref", GrantAbi.UnmapGrantRef),
            ("GNTTABOP_setup_table", GrantAbi.SetupTable), ("GNTTABOP_copy", GrantAbi.Copy),
            ("GNTTABOP_query_size", GrantAbi.QuerySize), ("GNTTABOP_set_version", GrantAbi.SetVersion),
            ("GNTTABOP_get_status_frames", GrantAbi.GetStatusFrames), ("GNTTABOP_get_version", GrantAbi.GetVersion),
            ("GNTTABOP_swap_grant_ref", GrantAbi.SwapGrantRef), ("GNTTABOP_cache_flush", GrantAbi.CacheFlush),
            ("GTF_permit_access", GrantAbi.PermitAccess), ("GTF_type_mask", GrantAbi.TypeMask),
            ("GTF_readonly", GrantAbi.ReadOnly), ("GTF_reading", GrantAbi.Reading), ("GTF_writing", GrantAbi.Writing),
            ("GTF_sub_page", GrantAbi.SubPage), ("GNTMAP_device_map", GrantAbi.DeviceMap), ("GNTMAP_host_map", GrantAbi.HostMap),
            ("GNTMAP_readonly", GrantAbi.MapReadOnly), ("GNTMAP_application_map", GrantAbi.ApplicationMap),
            ("GNTMAP_contains_pte", GrantAbi.ContainsPte), ("GNTCOPY_source_gref", GrantAbi.CopySourceRef),
            ("GNTCOPY_dest_gref", GrantAbi.CopyTargetRef), ("GNTTAB_CACHE_CLEAN", GrantAbi.CacheClean),
            ("GNTTAB_CACHE_INVAL", GrantAbi.CacheInvalidate), ("GNTTAB_CACHE_SOURCE_GREF", GrantAbi.CacheSourceRef),
            ("GNTTAB_NR_RESERVED_ENTRIES", GrantAbi.ReservedEntries), ("GNTST_okay", GrantAbi.Okay),
            ("GNTST_general_error", GrantAbi.GeneralError), ("GNTST_bad_domain", GrantAbi.BadDomain),
            ("GNTST_bad_gntref", GrantAbi.BadReference), ("GNTST_bad_handle", GrantAbi.BadHandle),
            ("GNTST_bad_virt_addr", GrantAbi.BadAddress), ("GNTST_permission_denied", GrantAbi.PermissionDenied),
            ("GNTST_bad_page", GrantAbi.BadPage), ("GNTST_bad_copy_arg", GrantAbi.BadCopyArgument),
            ("GNTST_eagain", GrantAbi.TryAgain), ("GNTST_no_space", GrantAbi.NoSpace),
            ("sizeof(struct grant_entry_v1)", GrantAbi.EntrySize), ("sizeof(union grant_entry_v2)", GrantAbi.EntrySizeV2),
            ("sizeof(struct gnttab_map_grant_ref)", GrantAbi.MapSize),
            ("sizeof(struct gnttab_unmap_grant_ref)", GrantAbi.UnmapSize),
            ("sizeof(struct gnttab_copy)", bits == 64 ? GrantAbi.CopySize : GrantAbi.CopySize32),
            ("offsetof(struct gnttab_copy, status)", (long)CopyRequest.StatusOffset(bits == 32)),
            ("sizeof(struct gnttab_setup_table)", bits == 64 ? GrantAbi.SetupTableSize : GrantAbi.SetupTableSize32),
            ("sizeof(struct gnttab_get_status_frames)", bits == 64 ? GrantAbi.StatusFramesSize : GrantAbi.StatusFramesSize32),
            ("sizeof(struct gnttab_query_size)", GrantAbi.QuerySizeSize),
            ("sizeof(struct gnttab_get_version)", GrantAbi.GetVersionSize),
            ("sizeof(struct gnttab_swap_grant_ref)", GrantAbi.SwapSize),
            ("sizeof(struct gnttab_cache_flush)", GrantAbi.CacheFlushSize),
        ];
        long[] values = XenLayout.Values(bits, [.. System.Array.ConvertAll(numbers, n => n.Name)]);
        for (int i = 0; i < numbers.Length; i++)
        {
            Assert.That(numbers[i].Value, Is.EqualTo(values[i]), numbers[i].Name);
        }
    }

    [Test]
    public void SizeGrowsOnDemand()
    {
        Assert.That(QueryFrames(), Is.EqualTo(1));
        Assert.That(_f.Domain(0).Grants.MapFrame(5, TableGfn + 5), Is.Zero);
        Assert.That(QueryFrames(), Is.EqualTo(6));
        Assert.That(_f.Guest(0).Read(Arguments, Query, "max_nr_frames"), Is.EqualTo(64));
        Assert.That(_f.Domain(0).Grants.MapFrame(64, TableGfn + 5), Is.EqualTo(XenError.EINVAL));
        Assert.That(_f.Domain(0).Grants.MapFrame(ulong.MaxValue, TableGfn + 5), Is.EqualTo(XenError.EINVAL));
        _f.Guest(0).Write(Arguments, Query, ("dom", _f.Id(1)));
        Assert.That(Status(GrantAbi.QuerySize, Query), Is.EqualTo(GrantAbi.PermissionDenied));
        _f.Guest(0).Write(Arguments, Query, ("dom", 99));
        Assert.That(Status(GrantAbi.QuerySize, Query), Is.EqualTo(GrantAbi.BadDomain));
        Assert.That(_f.Call(0, GrantAbi.QuerySize, Arguments, 2), Is.EqualTo(XenError.EINVAL));
        Assert.That(_f.Call(0, GrantAbi.QuerySize, Hole << 12), Is.EqualTo(XenError.EFAULT));
    }

    [Test]
    public void SetupListsWhereTheFramesAre()
    {
        WriteSetup(2, List);
        Assert.That(Status(GrantAbi.SetupTable, Setup), Is.EqualTo(GrantAbi.Okay));
        System.ReadOnlySpan<byte> list = _f.Host.Page(0, List >> 12);
        Assert.That(bits == 64 ? MemoryMarshal.Read<ulong>(list) : MemoryMarshal.Read<uint>(list), Is.EqualTo(TableGfn));
        Assert.That(MemoryMarshal.Read<uint>(list[(bits / 8)..]), Is.EqualTo(uint.MaxValue), "not mapped yet");
        WriteSetup(65, List);
        Assert.That(Status(GrantAbi.SetupTable, Setup), Is.EqualTo(GrantAbi.GeneralError));
        WriteSetup(1, Hole << 12);
        Assert.That(Status(GrantAbi.SetupTable, Setup), Is.EqualTo(GrantAbi.BadAddress));
        Assert.That(_f.Call(0, GrantAbi.SetupTable, Hole << 12), Is.EqualTo(XenError.EFAULT));
    }

    [Test]
    public void EmptyPoolStopsGrowth()
    {
        while (_f.Domain(0).Pool.FreeCount > 4)
        {
            _f.Domain(0).Pool.TryTake(out _);
        }

        Assert.That(_f.Domain(0).Grants.MapFrame(2, TableGfn + 2), Is.EqualTo(XenError.ENOMEM));
        Assert.That(_f.Domain(0).Pool.FreeCount, Is.EqualTo(1), "one frame with its records fits, and half of another is put back");
        Assert.That(QueryFrames(), Is.EqualTo(2));
    }

    [Test]
    public void EntriesAreSwapped()
    {
        _f.Grant(0, 9, _f.Id(1), 100);
        Assert.That(SwapStatus(9, 300), Is.EqualTo(GrantAbi.Okay));
        Assert.That(_f.Flags(0, 9), Is.Zero);
        Assert.That(_f.Entry(0, 300)[1], Is.EqualTo(100));
        Assert.That(SwapStatus(300, 300), Is.EqualTo(GrantAbi.Okay));
        Assert.That(SwapStatus(300, 512), Is.EqualTo(GrantAbi.BadReference));
        _f.Map(1, _f.Id(0), 300, Hole, out _);
        Assert.That(SwapStatus(9, 300), Is.EqualTo(GrantAbi.TryAgain));
    }

    [Test]
    public void VersionChangesWhileNothingIsInUse()
    {
        _f.Grant(0, 3, _f.Id(1), 100, GrantAbi.PermitAccess | GrantAbi.ReadOnly);
        _f.Grant(0, 9, _f.Id(1), 100);
        _f.Map(1, _f.Id(0), 9, Hole, out uint handle);
        Assert.That(SetVersion(2), Is.EqualTo(XenError.EBUSY));
        _f.Unmap(1, Hole, handle);
        Assert.That(SetVersion(2), Is.Zero);
        Assert.That(Words(3)[0], Is.EqualTo(GrantAbi.PermitAccess | GrantAbi.ReadOnly | (uint)_f.Id(1) << 16));
        Assert.That(Words(3)[2], Is.EqualTo(100));
        Assert.That(Words(9)[0], Is.Zero);
        Assert.That(_f.Domain(0).Grants.MapFrame(MemoryAbi.GrantStatusIndex, TableGfn + 1), Is.Zero);
        Assert.That(_f.Domain(0).Grants.MapFrame(MemoryAbi.GrantStatusIndex + 1, TableGfn + 2), Is.EqualTo(XenError.EINVAL));
        Assert.That(SetVersion(1), Is.Zero);
        Assert.That(_f.Entry(0, 3)[1], Is.EqualTo(100));
        Assert.That(_f.Domain(0).Physmap.TryLookup(TableGfn + 1, out PhysmapEntry _), Is.False, "the status frame is gone");
        Assert.That(SetVersion(3), Is.EqualTo(XenError.EINVAL));
        _f.Guest(0).Write(Arguments, "struct gnttab_get_version", ("dom", DomainIds.Self));
        Assert.That(_f.Call(0, GrantAbi.GetVersion), Is.Zero);
        Assert.That(_f.Guest(0).Read(Arguments, "struct gnttab_get_version", "version"), Is.EqualTo(1));
    }

    [Test]
    public void Version2IsOffByDefault()
    {
        _f = new GrantFixture(bits);
        Assert.That(SetVersion(2), Is.EqualTo(XenError.ENOSYS));
        Assert.That(_f.Guest(0).Read(Arguments, "struct gnttab_set_version", "version"), Is.EqualTo(1));
    }

    [Test]
    public void Version2MarksInStatusWords()
    {
        const ulong status = TableGfn + 1;
        UseVersion2(status);
        GrantV2(9, GrantAbi.PermitAccess, 100);
        Assert.That(_f.Map(1, _f.Id(0), 9, Hole, out uint handle), Is.Zero);
        Assert.That(_f.Mfn(1, Hole), Is.EqualTo(_f.Mfn(0, 100)));
        Assert.That(Words(9)[0] & 0xFFFF, Is.EqualTo(GrantAbi.PermitAccess));
        Assert.That(_f.Host.Page(0, status)[18], Is.EqualTo(GrantAbi.Reading | GrantAbi.Writing));
        Assert.That(_f.Unmap(1, Hole, handle), Is.Zero);
        Assert.That(_f.Host.Page(0, status)[18], Is.Zero);
        GrantV2(10, 3, 100);
        Assert.That(_f.Map(1, _f.Id(0), 10, Hole, out _), Is.EqualTo(GrantAbi.GeneralError), "transitive");
        Assert.That(_f.Map(1, _f.Id(0), 256, Hole, out _), Is.EqualTo(GrantAbi.BadReference));
        GrantV2(11, GrantAbi.PermitAccess, 1UL << 40);
        Assert.That(_f.Map(1, _f.Id(0), 11, Hole, out _), Is.EqualTo(GrantAbi.BadPage));
        Assert.That(_f.Host.Page(0, status)[22], Is.Zero);
    }

    [Test]
    public void PartOfAPageIsCopiedButNotMapped()
    {
        UseVersion2(TableGfn + 1);
        GrantV2(9, GrantAbi.PermitAccess | GrantAbi.SubPage, 100);
        Words(9)[1] = 64 | 32 << 16;
        _f.Host.Page(0, 100)[64..].Fill(0x5A);
        Assert.That(_f.Map(1, _f.Id(0), 9, Hole, out _), Is.EqualTo(GrantAbi.GeneralError));
        Assert.That(_f.Copy(1, (_f.Id(0), 9, 64), (DomainIds.Self, 50, 0), GrantAbi.CopySourceRef, 32), Is.Zero);
        Assert.That(_f.Host.Page(1, 50)[31], Is.EqualTo(0x5A));
        Assert.That(_f.Copy(1, (_f.Id(0), 9, 63), (DomainIds.Self, 50, 0), GrantAbi.CopySourceRef, 4), Is.EqualTo(GrantAbi.GeneralError));
        Assert.That(_f.Copy(1, (_f.Id(0), 9, 90), (DomainIds.Self, 50, 0), GrantAbi.CopySourceRef, 8), Is.EqualTo(GrantAbi.GeneralError));
        Assert.That(_f.Memory.Frames.References(_f.Mfn(0, 100)), Is.Zero);
    }

    [Test]
    public void StatusFramesAreListed()
    {
        _f.Guest(0).Write(Arguments, StatusFrames, ("nr_frames", 1), ("dom", DomainIds.Self), ("frame_list", List));
        Assert.That(Status(GrantAbi.GetStatusFrames, StatusFrames), Is.EqualTo(GrantAbi.GeneralError), "version 1 has none");
        UseVersion2(TableGfn + 1);
        _f.Guest(0).Write(Arguments, StatusFrames, ("nr_frames", 1), ("dom", DomainIds.Self), ("frame_list", List));
        Assert.That(Status(GrantAbi.GetStatusFrames, StatusFrames), Is.Zero);
        Assert.That(MemoryMarshal.Read<ulong>(_f.Host.Page(0, List >> 12)), Is.EqualTo(TableGfn + 1));
    }

    [Test]
    public void CacheFlushesAreChecked()
    {
        const string flush = "struct gnttab_cache_flush";
        _f.Guest(0).Write(Arguments, flush, ("offset", 0), ("length", 64), ("op", GrantAbi.CacheClean));
        Assert.That(_f.Call(0, GrantAbi.CacheFlush), Is.Zero);
        _f.Guest(0).Write(Arguments, flush, ("offset", 4090), ("length", 64), ("op", GrantAbi.CacheClean));
        Assert.That(_f.Call(0, GrantAbi.CacheFlush), Is.EqualTo(XenError.EINVAL));
        _f.Guest(0).Write(Arguments, flush, ("op", 0x80));
        Assert.That(_f.Call(0, GrantAbi.CacheFlush), Is.EqualTo(XenError.EINVAL));
        Assert.That(_f.Call(0, GrantAbi.CacheFlush, Hole << 12), Is.EqualTo(XenError.EFAULT));
    }

    private long QueryFrames()
    {
        _f.Guest(0).Write(Arguments, Query, ("dom", DomainIds.Self));
        Assert.That(Status(GrantAbi.QuerySize, Query), Is.Zero);
        return _f.Guest(0).Read(Arguments, Query, "nr_frames");
    }

    private void WriteSetup(ulong count, ulong list) =>
        _f.Guest(0).Write(Arguments, Setup, ("dom", DomainIds.Self), ("nr_frames", count), ("frame_list", list));

    private long Status(uint operation, string type)
    {
        Assert.That(_f.Call(0, operation), Is.Zero);
        return _f.Guest(0).Read(Arguments, type, "status");
    }

    private long SwapStatus(uint first, uint second)
    {
        _f.Guest(0).Write(Arguments, Swap, ("ref_a", first), ("ref_b", second));
        return Status(GrantAbi.SwapGrantRef, Swap);
    }

    private long SetVersion(uint version)
    {
        _f.Guest(0).Write(Arguments, "struct gnttab_set_version", ("version", version));
        return _f.Call(0, GrantAbi.SetVersion);
    }

    private void UseVersion2(ulong statusGfn)
    {
        Assert.That(SetVersion(2), Is.Zero);
        Assert.That(_f.Domain(0).Grants.MapFrame(MemoryAbi.GrantStatusIndex, statusGfn), Is.Zero);
    }

    private System.Span<uint> Words(uint reference) =>
        MemoryMarshal.Cast<byte, uint>(_f.Host.Page(0, TableGfn))[(int)(reference * 4)..];

    private void GrantV2(uint reference, uint flags, ulong gfn)
    {
        System.Span<uint> words = Words(reference);
        words[2] = (uint)gfn;
        words[3] = (uint)(gfn >> 32);
        words[0] = flags | (uint)_f.Id(1) << 16;
    }
}
