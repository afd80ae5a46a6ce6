using System;
using System.Linq;
using Microkernel.Core.Abi;
using Microkernel.Core.Hardware;
using Microkernel.Core.Memory;
using Microkernel.Core.Tests.Fakes;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Memory;

public sealed class DomainMemoryTests
{
    private const ushort Id = 5;

    private FakeMachine _machine = null!;
    private HostMemory _host = null!;
    private DomainMemory _domain = null!;
    private ulong _freeAtStart;

    [SetUp]
    public void SetUp()
    {
        _machine = new FakeMachine(frameCount: 8192);
        _host = new HostMemory(_machine, 8192);
        _host.Allocator.AddFree(100, 8000);
        _freeAtStart = _host.Allocator.FreeFrames;
        _domain = new DomainMemory(_host);
        Assert.That(_domain.TryReset(Id, 2048, 32), Is.True);
    }

    [TearDown]
    public void TearDown()
    {
        Assert.That(_machine.Frames.OpenWindows, Is.Zero);
        while (!_domain.TeardownPiece())
        {
        }

        Assert.That(_host.Allocator.FreeFrames, Is.EqualTo(_freeAtStart), "teardown returns every frame");
        Assert.That(Enumerable.Range(100, 8000).All(i => !_machine.Frames[(ulong)i].ContainsAnyExcept((byte)0)), "scrubbed");
    }

    [Test]
    public void BuildingUsesTheLargestPages()
    {
        Assert.That(_domain.TryPopulateRange(510, 2 + 1024 + 3), Is.True);
        Assert.That(_domain.Pages, Is.EqualTo(1029));
        Assert.That(OrderAt(511), Is.Zero);
        Assert.That(OrderAt(512), Is.EqualTo(9));
        Assert.That(OrderAt(1535), Is.EqualTo(9));
        Assert.That(OrderAt(1538), Is.Zero);
        Write(1000, 0xAA);
    }

    [Test]
    public void MaximumIsKept()
    {
        Assert.That(_domain.TryPopulateRange(0, 2048), Is.True);
        Assert.That(_domain.Populate(4096, 0), Is.EqualTo(XenError.ENOMEM));
        Assert.That(_domain.RemovePages([7]), Is.EqualTo(1));
        Assert.That(_domain.Populate(4096, 0), Is.Zero);
        Assert.That(_domain.Pages, Is.EqualTo(2048));
    }

    [Test]
    public void RemovedPagesGoBackScrubbed()
    {
        _domain.TryPopulateRange(0, 512);
        ulong mfn = Write(9, 0x55);
        ulong free = _host.Allocator.FreeFrames;
        Assert.That(_domain.RemovePages([8, 9, 600, 10]), Is.EqualTo(2), "stops at the hole");
        Assert.That(_host.Allocator.FreeFrames, Is.EqualTo(free + 2));
        Assert.That(_machine.Frames[mfn][0], Is.Zero);
        Assert.That(_domain.Physmap.TryLookup(10, out PhysmapEntry _), Is.True);
        Assert.That(_domain.RemoveExtent(0, 9), Is.EqualTo(XenError.EINVAL), "two of them are holes: nothing is removed");
        Assert.That(_domain.Pages, Is.EqualTo(510));
    }

    [Test]
    public void PopulateReplacesWhatWasThere()
    {
        _domain.TryPopulateRange(0, 1024);
        ulong old = Write(3, 0x77);
        Assert.That(_domain.Populate(3, 0), Is.Zero);
        Assert.That(_domain.Pages, Is.EqualTo(1024));
        Assert.That(_domain.Populate(512, 9), Is.Zero);
        Assert.That(_domain.Pages, Is.EqualTo(1024));
        _domain.Physmap.TryLookup(3, out PhysmapEntry entry);
        Assert.That(entry.Mfn == old ? (byte)0 : _machine.Frames[entry.Mfn][0], Is.Zero);
    }

    [Test]
    public void SharedFrameIsMappedOnce()
    {
        _domain.Pool.TryTake(FrameType.Shared, out ulong shared);
        _domain.TryPopulateRange(0, 4);
        Assert.That(_domain.MapShared(1000, shared), Is.Zero);
        Assert.That(_domain.MapShared(2, shared), Is.Zero, "over guest memory, which is given up");
        Assert.That(_domain.Pages, Is.EqualTo(3));
        Assert.That(_domain.Physmap.TryLookup(1000, out PhysmapEntry _), Is.False);
        Assert.That(_domain.MapShared(uint.MaxValue, shared), Is.EqualTo(XenError.EINVAL));
        Assert.That(_domain.ReturnShared(shared), Is.Zero);
        Assert.That(_domain.Physmap.TryLookup(2, out PhysmapEntry _), Is.False);
    }

    [Test]
    public void MovedPageKeepsItsContent()
    {
        _domain.TryPopulateRange(0, 512);
        ulong mfn = Write(5, 0x11);
        Assert.That(_domain.MovePage(5, 900), Is.Zero);
        Assert.That(_domain.MovePage(5, 901), Is.EqualTo(XenError.EINVAL));
        Assert.That(_domain.Physmap.TryLookup(5, out PhysmapEntry _), Is.False);
        _domain.Physmap.TryLookup(900, out PhysmapEntry entry);
        Assert.That(entry.Mfn, Is.EqualTo(mfn));
        Assert.That(_domain.MovePage(6, 7), Is.Zero);
        Assert.That(_domain.Pages, Is.EqualTo(511), "what was at the target is given up");
    }

    [Test]
    public void ForeignFrameOutlivesItsOwner()
    {
        DomainMemory other = new(_host);
        other.TryReset(Id + 1, 16, 32);
        other.TryPopulateRange(0, 4);
        other.Physmap.TryLookup(2, out PhysmapEntry page);
        Assert.That(_host.Frames.TryReference(page.Mfn, Id + 1), Is.True);
        Assert.That(_domain.MapForeign(50, page.Mfn, isWritable: false), Is.Zero);
        Assert.That(_domain.RemovePage(50), Is.EqualTo(XenError.EINVAL), "only the grant table takes it away");
        Assert.That(_domain.Populate(50, 0), Is.EqualTo(XenError.EINVAL));
        while (!other.TeardownPiece())
        {
        }

        Assert.That(_host.Frames.Type(page.Mfn), Is.EqualTo(FrameType.GuestRam));
        Assert.That(_domain.UnmapForeign(50, page.Mfn + 1, isWritable: false), Is.False);
        Assert.That(_domain.UnmapForeign(50, page.Mfn, isWritable: true), Is.False);
        Assert.That(_domain.UnmapForeign(50, page.Mfn, isWritable: false), Is.True);
        _host.Allocator.Release(page.Mfn);
        Assert.That(_host.Frames.Type(page.Mfn), Is.EqualTo(FrameType.Free));
    }

    [Test]
    public void PinnedPageStaysUntilUnpinned()
    {
        _domain.TryPopulateRange(0, 4);
        Assert.That(_domain.TryPin(1, out ulong mfn), Is.True);
        Assert.That(_domain.TryPin(10, out _), Is.False);
        Assert.That(_domain.RemovePages([1]), Is.EqualTo(1));
        Assert.That(_host.Frames.Type(mfn), Is.EqualTo(FrameType.GuestRam));
        _domain.Unpin(mfn);
        Assert.That(_host.Frames.Type(mfn), Is.EqualTo(FrameType.Free));
    }

    [Test]
    public void HostWithoutMemoryRefusesTheDomain()
    {
        DomainMemory other = new(_host);
        Assert.That(other.TryReset(Id + 1, 16, 9000), Is.False);
        while (!other.TeardownPiece())
        {
        }
    }

    private int OrderAt(ulong gfn) => _domain.Physmap.TryLookup(gfn, out PhysmapEntry entry) ? entry.Order : -1;

    private ulong Write(ulong gfn, byte value)
    {
        Assert.That(_domain.Physmap.TryLookup(gfn, out PhysmapEntry entry), Is.True);
        _machine.Frames[entry.Mfn].Fill(value);
        return entry.Mfn;
    }
}
