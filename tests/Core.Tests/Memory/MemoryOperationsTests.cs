using System;
using System.Linq;
using System.Runtime.InteropServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using Microkernel.Core.Memory;
using Microkernel.Core.Tests.Abi;
using Microkernel.Core.Tests.Fakes;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Memory;

[TestFixture(64)]
[TestFixture(32)]
public sealed class MemoryOperationsTests(int bits)
{
    private const ulong MemoryOp = 12;
    private const ulong Arguments = 0x1000;
    private const ulong Lists = 0x2000;
    private const ulong Hole = 5000;
    private const string Reservation = "struct xen_memory_reservation";

    private TestHost _host = null!;
    private GuestStructures _guest = null!;
    private ulong _freeAtStart;

    private Domain Domain => _host.Domain(0);

    [SetUp]
    public void SetUp()
    {
        _host = new TestHost();
        _guest = new GuestStructures(_host, 0, bits);
        _freeAtStart = _host.Kernel.Memory.Allocator.FreeFrames;
    }

    [Test]
    public void NumbersAndSizesAreXens()
    {
        Assert.That(
            XenLayout.Values(
                bits, "XENMEM_increase_reservation", "XENMEM_decrease_reservation", "XENMEM_maximum_ram_page",
                "XENMEM_current_reservation", "XENMEM_maximum_reservation", "XENMEM_populate_physmap", "XENMEM_add_to_physmap",
                "XENMEM_memory_map", "XENMEM_maximum_gpfn", "XENMEM_remove_from_physmap", "XENMEM_add_to_physmap_batch",
                "XENMAPSPACE_shared_info", "XENMAPSPACE_grant_table", "XENMAPSPACE_gmfn", "XENMAPSPACE_gmfn_range",
                "XENMAPSPACE_gmfn_foreign", "XENMAPSPACE_dev_mmio", "XENMAPIDX_grant_table_status", "XENMEMF_populate_on_demand"),
            Is.EqualTo(new long[]
            {
                MemoryAbi.IncreaseReservation, MemoryAbi.DecreaseReservation, MemoryAbi.MaximumRamPage,
                MemoryAbi.CurrentReservation, MemoryAbi.MaximumReservation, MemoryAbi.PopulatePhysmap, MemoryAbi.AddToPhysmap,
                MemoryAbi.MemoryMap, MemoryAbi.MaximumGpfn, MemoryAbi.RemoveFromPhysmap, MemoryAbi.AddToPhysmapBatch,
                MemoryAbi.SpaceSharedInfo, MemoryAbi.SpaceGrantTable, MemoryAbi.SpaceGmfn, MemoryAbi.SpaceGmfnRange,
                MemoryAbi.SpaceGmfnForeign, MemoryAbi.SpaceDeviceMmio, (long)MemoryAbi.GrantStatusIndex, MemoryAbi.PopulateOnDemand,
            }));
        bool is64 = bits == 64;
        (string Type, int Size)[] sizes =
        [
            (Reservation, is64 ? MemoryAbi.ReservationSize : MemoryAbi.ReservationSize32),
            ("struct xen_add_to_physmap", is64 ? MemoryAbi.AddToPhysmapSize : MemoryAbi.AddToPhysmapSize32),
            ("struct xen_add_to_physmap_batch", is64 ? MemoryAbi.AddToPhysmapBatchSize : MemoryAbi.AddToPhysmapBatchSize32),
            ("struct xen_remove_from_physmap", is64 ? MemoryAbi.RemoveFromPhysmapSize : MemoryAbi.RemoveFromPhysmapSize32),
            ("struct xen_memory_map", is64 ? MemoryAbi.MemoryMapSize : MemoryAbi.MemoryMapSize32),
        ];
        foreach ((string type, int size) in sizes)
        {
            Assert.That(XenLayout.SizeOf(type, bits), Is.EqualTo(size), type);
        }
    }

    [Test]
    public void BalloonGoesOutAndIn()
    {
        ulong[] gfns = [.. Enumerable.Range(100, 200).Select(i => (ulong)i)];
        Assert.That(Reserve(MemoryAbi.DecreaseReservation, 0, gfns), Is.EqualTo(200), "in pieces, continued by the guest");
        Assert.That(Query(MemoryAbi.CurrentReservation), Is.EqualTo(TestHost.DomainFrames - 200));
        Assert.That(_host.Kernel.Memory.Allocator.FreeFrames, Is.EqualTo(_freeAtStart + 200));
        Assert.That(Domain.Physmap.TryLookup(150, out PhysmapEntry _), Is.False);
        Assert.That(Reserve(MemoryAbi.PopulatePhysmap, 0, gfns), Is.EqualTo(200));
        Assert.That(Query(MemoryAbi.CurrentReservation), Is.EqualTo(TestHost.DomainFrames));
        Assert.That(_host.Page(0, 150).ContainsAnyExcept((byte)0), Is.False);
        Assert.That(Reserve(MemoryAbi.PopulatePhysmap, 0, Hole), Is.Zero, "the domain has its maximum");
        Assert.That(Query(MemoryAbi.MaximumReservation), Is.EqualTo(TestHost.DomainFrames));
    }

    [Test]
    public void ListsAreDoneUpToTheFirstBadElement()
    {
        Assert.That(Reserve(MemoryAbi.DecreaseReservation, 0, 200, 201, Hole, 202), Is.EqualTo(2));
        Assert.That(Domain.Physmap.TryLookup(202, out PhysmapEntry _), Is.True);
        ulong end = (TestHost.DomainFrames << 12) - (ulong)(2 * bits / 8);
        _guest.WriteArray(end, 210, 211);
        Assert.That(ReserveAt(MemoryAbi.DecreaseReservation, 0, end, 4), Is.EqualTo(2), "the list runs out of memory");
        Assert.That(ReserveAt(MemoryAbi.DecreaseReservation, 0, Hole << 12, 4), Is.Zero);
    }

    [Test]
    public void ExtentsAreWholeOrNot()
    {
        Assert.That(Reserve(MemoryAbi.DecreaseReservation, 3, 64), Is.EqualTo(1));
        Assert.That(Query(MemoryAbi.CurrentReservation), Is.EqualTo(TestHost.DomainFrames - 8));
        Assert.That(Reserve(MemoryAbi.DecreaseReservation, 3, 68), Is.Zero, "four of them are gone already");
        Assert.That(Query(MemoryAbi.CurrentReservation), Is.EqualTo(TestHost.DomainFrames - 8));
        Assert.That(Reserve(MemoryAbi.PopulatePhysmap, 4, Hole), Is.Zero, "room for eight, not for sixteen");
        Assert.That(Query(MemoryAbi.CurrentReservation), Is.EqualTo(TestHost.DomainFrames - 8));
        Assert.That(Domain.Physmap.TryLookup(Hole, out PhysmapEntry _), Is.False);
        Assert.That(Reserve(MemoryAbi.DecreaseReservation, 9, 512), Is.EqualTo(1));
        Assert.That(Reserve(MemoryAbi.PopulatePhysmap, 9, 8192), Is.EqualTo(1));
        Assert.That(Domain.Physmap.TryLookup(8192, out PhysmapEntry entry) ? entry.Order : -1, Is.EqualTo(9));
        Assert.That(Reserve(MemoryAbi.DecreaseReservation, 10, 8192), Is.Zero, "too large an extent");
    }

    [Test]
    public void WrongReservationsEndWhereTheyStart()
    {
        foreach (uint operation in new[] { MemoryAbi.IncreaseReservation, MemoryAbi.DecreaseReservation, MemoryAbi.PopulatePhysmap })
        {
            WriteReservation(0, 1, Lists, 9);
            Assert.That(Call(operation), Is.Zero, "nobody");
            WriteReservation(0, 1, Lists, 2);
            Assert.That(Call(operation), Is.Zero, "another domain");
            WriteReservation(0, 0, Lists);
            Assert.That(Call(operation), Is.Zero);
            WriteReservation(0, 5, Lists);
            Assert.That(Call(operation | 7 << MemoryAbi.ExtentShift), Is.EqualTo(7));
            Assert.That(Call(operation | 7 << MemoryAbi.ExtentShift, Hole << 12), Is.EqualTo(7), "no structure");
            WriteReservation(0, uint.MaxValue, Lists);
            Assert.That(Call(operation), Is.Zero, "more than a continuation can count");
        }

        Assert.That(Domain.Memory.Pages, Is.EqualTo(TestHost.DomainFrames));
    }

    [Test]
    public void QueriesCheckTheDomain()
    {
        uint[] queries = [MemoryAbi.CurrentReservation, MemoryAbi.MaximumReservation, MemoryAbi.MaximumGpfn];
        foreach (uint query in queries)
        {
            Assert.That(Query(query, 1), Is.GreaterThan(0));
            Assert.That(Query(query, 2), Is.EqualTo(XenError.EPERM));
            Assert.That(Query(query, 77), Is.EqualTo(XenError.ESRCH));
            Assert.That(Call(query, Hole << 12), Is.EqualTo(XenError.EFAULT));
            Assert.That(Call(query | 1 << MemoryAbi.ExtentShift), Is.EqualTo(XenError.EINVAL));
        }

        Assert.That(Query(MemoryAbi.MaximumGpfn), Is.EqualTo(TestHost.DomainFrames - 1));
        Assert.That(Call(MemoryAbi.MaximumRamPage), Is.EqualTo(TestHost.FrameCount));
    }

    [Test]
    public void SharedInfoIsPlacedAndMoved()
    {
        Assert.That(Add(MemoryAbi.SpaceSharedInfo, 0, Hole), Is.Zero);
        Assert.That(Domain.Physmap.TryLookup(Hole, out PhysmapEntry entry), Is.True);
        Assert.That((entry.Mfn, entry.Kind), Is.EqualTo((Domain.SharedInfoMfn, PageKind.Shared)));
        Assert.That(Add(MemoryAbi.SpaceSharedInfo, 0, 300), Is.Zero);
        Assert.That(Domain.Physmap.TryLookup(Hole, out entry), Is.False);
        Assert.That(Domain.Memory.Pages, Is.EqualTo(TestHost.DomainFrames - 1), "the page under it is given up");
        Assert.That(Add(MemoryAbi.SpaceSharedInfo, 1, Hole), Is.EqualTo(XenError.EINVAL));
        Assert.That(Add(MemoryAbi.SpaceDeviceMmio, 0, Hole), Is.EqualTo(XenError.EACCES));
        Assert.That(Add(MemoryAbi.SpaceGmfnForeign, 0, Hole), Is.EqualTo(XenError.ENOSYS));
        Assert.That(Add(77, 0, Hole), Is.EqualTo(XenError.EINVAL));
        Assert.That(Add(MemoryAbi.SpaceSharedInfo, 0, Hole, domid: 2), Is.EqualTo(XenError.EPERM));
        Assert.That(Add(MemoryAbi.SpaceSharedInfo, 0, Hole, domid: 99), Is.EqualTo(XenError.ESRCH));
        Assert.That(Call(MemoryAbi.AddToPhysmap, Hole << 12), Is.EqualTo(XenError.EFAULT));
    }

    [Test]
    public void RangesOfMemoryMove()
    {
        _host.Page(0, 401)[0] = 0x42;
        Assert.That(Add(MemoryAbi.SpaceGmfnRange, 400, Hole, size: 4), Is.Zero);
        Assert.That(_host.Page(0, Hole + 1)[0], Is.EqualTo(0x42));
        Assert.That(Domain.Physmap.TryLookup(400, out PhysmapEntry _), Is.False);
        Assert.That(Add(MemoryAbi.SpaceGmfnRange, 404, Hole + 2, size: 1), Is.Zero, "over another page");
        Assert.That(Domain.Memory.Pages, Is.EqualTo(TestHost.DomainFrames - 1));
        Assert.That(Add(MemoryAbi.SpaceGmfn, 6000, Hole), Is.EqualTo(XenError.EINVAL));
        Assert.That(Domain.Physmap.TryLookup(Hole, out PhysmapEntry _), Is.True, "a move from nowhere changes nothing");
        if (bits == 64)
        {
            Assert.That(Add(MemoryAbi.SpaceGmfn, ulong.MaxValue, Hole), Is.EqualTo(XenError.EINVAL));
            Assert.That(Domain.Physmap.TryLookup(Hole, out PhysmapEntry _), Is.True);
            Assert.That(Add(MemoryAbi.SpaceGmfn, 10, ulong.MaxValue), Is.EqualTo(XenError.EINVAL));
            Assert.That(Domain.Physmap.TryLookup(10, out PhysmapEntry _), Is.True);
        }
    }

    [Test]
    public void BatchReportsEachElement()
    {
        _guest.WriteArray(Lists, 500, Hole + 50, 502);
        _guest.WriteArray(Lists + 0x100, Hole, Hole + 1, Hole + 2);
        Assert.That(Batch(MemoryAbi.SpaceGmfn, 3), Is.Zero);
        Assert.That(Errors(3), Is.EqualTo(new[] { 0, (int)XenError.EINVAL, 0 }));
        Assert.That(Batch(MemoryAbi.SpaceGmfnForeign, 1, 2), Is.Zero);
        Assert.That(Errors(1), Is.EqualTo(new[] { (int)XenError.EPERM }));
        Assert.That(Batch(MemoryAbi.SpaceGmfnRange, 1), Is.EqualTo(XenError.EOPNOTSUPP));
        Assert.That(Batch(MemoryAbi.SpaceGmfn, 0), Is.Zero);
        Assert.That(Call(MemoryAbi.AddToPhysmapBatch, Hole + 9 << 12), Is.EqualTo(XenError.EFAULT));
    }

    [Test]
    public void RemovalGivesMemoryUp()
    {
        ulong gpa = _guest.Write(Arguments, "struct xen_remove_from_physmap", ("domid", DomainIds.Self), ("gpfn", 600));
        Assert.That(Call(MemoryAbi.RemoveFromPhysmap, gpa), Is.Zero);
        Assert.That(Call(MemoryAbi.RemoveFromPhysmap, gpa), Is.EqualTo(XenError.ENOENT));
        Assert.That(Domain.Memory.Pages, Is.EqualTo(TestHost.DomainFrames - 1));
    }

    [Test]
    public void MemoryMapIsCopiedAsFarAsItFits()
    {
        const string map = "struct xen_memory_map";
        _guest.Write(Arguments, map, ("nr_entries", 9), ("buffer", Lists));
        Assert.That(Call(MemoryAbi.MemoryMap), Is.EqualTo(XenError.ENOSYS), "the domain has none");
        Domain.Memory.Map.Add(0, 0x40_0000, 1);
        Domain.Memory.Map.Add(0xFEFF_0000, 0x1000, 2);
        Assert.That(Call(MemoryAbi.MemoryMap), Is.Zero);
        Assert.That(_guest.Read(Arguments, map, "nr_entries"), Is.EqualTo(2));
        Assert.That(MemoryMarshal.Read<ulong>(_host.Page(0, Lists >> 12)[20..]), Is.EqualTo(0xFEFF_0000));
        Assert.That(_host.Page(0, Lists >> 12)[36], Is.EqualTo(2));
        _guest.Write(Arguments, map, ("nr_entries", 9), ("buffer", Hole << 12));
        Assert.That(Call(MemoryAbi.MemoryMap), Is.EqualTo(XenError.EFAULT));
    }

    private long Call(uint operation, ulong argument = Arguments) => _host.Call(0, MemoryOp, bits == 32, operation, argument);

    private long Query(uint operation, ushort domid = DomainIds.Self)
    {
        _guest.Write(Arguments, "struct xen_memory_domain", ("domid", domid));
        return Call(operation);
    }

    private long Reserve(uint operation, uint order, params ulong[] gfns)
    {
        _guest.WriteArray(Lists, gfns);
        return ReserveAt(operation, order, Lists, (ulong)gfns.Length);
    }

    private long ReserveAt(uint operation, uint order, ulong list, ulong count)
    {
        WriteReservation(order, count, list);
        return Call(operation);
    }

    private void WriteReservation(uint order, ulong count, ulong list, ushort domid = DomainIds.Self) =>
        _guest.Write(
            Arguments, Reservation, ("extent_start", list), ("nr_extents", count), ("extent_order", order), ("domid", domid));

    private long Add(uint space, ulong index, ulong gfn, uint size = 0, ushort domid = DomainIds.Self)
    {
        _guest.Write(
            Arguments, "struct xen_add_to_physmap",
            ("domid", domid), ("size", size), ("space", space), ("idx", index), ("gpfn", gfn));
        return Call(MemoryAbi.AddToPhysmap);
    }

    private long Batch(uint space, uint size, ushort foreign = 0)
    {
        _guest.Write(
            Arguments, "struct xen_add_to_physmap_batch",
            ("domid", DomainIds.Self), ("space", space), ("size", size), ("u.foreign_domid", foreign),
            ("idxs", Lists), ("gpfns", Lists + 0x100), ("errs", Lists + 0x200));
        return Call(MemoryAbi.AddToPhysmapBatch);
    }

    private int[] Errors(int count) =>
        MemoryMarshal.Cast<byte, int>(_host.Page(0, Lists >> 12)[0x200..])[..count].ToArray();
}
