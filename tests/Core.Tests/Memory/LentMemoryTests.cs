using System;
using System.Collections.Generic;
using System.Linq;
using Microkernel.Core.Abi;
using Microkernel.Core.Boot;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Hypercalls;
using Microkernel.Core.Memory;
using Microkernel.Core.Tests.Abi;
using Microkernel.Core.Tests.Fakes;
using Microkernel.Core.Vcpus;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Memory;

/// <summary>Domains 1 and 2 share a ring, 1 has kept memory as well, 3 has nothing.</summary>
[TestFixture(64)]
[TestFixture(32)]
public sealed class LentMemoryTests(int bits)
{
    private const ulong MemoryOp = 12;
    private const ulong Arguments = 0x1000;
    private const ulong List = 0x2000;
    private const ulong Hole = 5000;
    private const int RingFrames = 200;
    private const int KeptFrames = 4;
    private const string Structure = "struct xen_mem_acquire_resource";

    private TestHost _host = null!;
    private LentMemory _ring = null!;
    private ulong _freeAtStart;

    private Kernel Kernel => _host.Kernel;

    [SetUp]
    public void SetUp()
    {
        _host = new TestHost(domains: 3, configure: Configure);
        _ring = new LentMemory(RingFrames);
        Kernel.Domains.Rings = [new RingConfig(1, 2, _ring)];
        Startup.TakeLentMemory(Kernel);
        _freeAtStart = Kernel.Memory.Allocator.FreeFrames;
        AssertClean();
    }

    [Test]
    public void TheStructureIsXens()
    {
        Assert.That(XenLayout.SizeOf(Structure, bits), Is.EqualTo(bits == 64 ? MemoryAbi.AcquireResourceSize : MemoryAbi.AcquireResourceSize32));
        Assert.That(XenLayout.Values(bits, "XENMEM_acquire_resource"), Is.EqualTo(new long[] { MemoryAbi.AcquireResource }));
    }

    [Test]
    public void BothSidesHaveTheSameFrames()
    {
        int pieces = 0;
        _host.OnContinue = () => pieces++;
        Assert.That(Map(0, MemoryAbi.ResourceRing, 0, 0, Pages(Hole, RingFrames)), Is.Zero);
        Assert.That(Map(1, MemoryAbi.ResourceRing, 0, 3, Pages(Hole, 2)), Is.Zero);
        Assert.That(pieces, Is.Positive, "it is a long operation");
        Assert.That(Entry(1, Hole), Is.EqualTo(Entry(0, Hole + 3)));
        Assert.That(Enumerable.Range(0, RingFrames).Select(i => Entry(0, Hole + (ulong)i).Mfn), Is.EqualTo(Frames(_ring)));
        Assert.That(Entry(0, Hole), Is.EqualTo((_ring[0], PageKind.Lent, NestedAccess.All)));
        AssertClean();
    }

    [Test]
    public void NobodyElseGetsThem()
    {
        Assert.That(Map(2, MemoryAbi.ResourceRing, 0, 0, Hole), Is.EqualTo(XenError.ENOENT));
        Assert.That(Map(1, MemoryAbi.ResourceKept, 0, 0, Hole), Is.EqualTo(XenError.ENOENT));
        Assert.That(Map(0, MemoryAbi.ResourceRing, 1, 0, Hole), Is.EqualTo(XenError.ENOENT));
        Assert.That(Map(0, MemoryAbi.ResourceKept, 1, 0, Hole), Is.EqualTo(XenError.ENOENT));
        Assert.That(Map(0, 0, 0, 0, Hole), Is.EqualTo(XenError.EOPNOTSUPP));
        Assert.That(Acquire(2, MemoryAbi.ResourceRing, 0, 0, 1, List, domid: 1), Is.EqualTo(XenError.EPERM));
        Assert.That(Acquire(0, MemoryAbi.ResourceRing, 0, 0, 1, List, domid: 99), Is.EqualTo(XenError.ESRCH));
    }

    [Test]
    public void WhatAsksForNoPagesLearnsTheSize()
    {
        Assert.That(Acquire(1, MemoryAbi.ResourceRing, 0, 0, 0, 0), Is.Zero);
        Assert.That(new GuestStructures(_host, 1, bits).Read(Arguments, Structure, "nr_frames"), Is.EqualTo(RingFrames));
        Assert.That(Acquire(0, MemoryAbi.ResourceKept, 0, 0, 0, 0), Is.Zero);
        Assert.That(new GuestStructures(_host, 0, bits).Read(Arguments, Structure, "nr_frames"), Is.EqualTo(KeptFrames));
        Assert.That(Acquire(1, MemoryAbi.ResourceRing, 0, 0, 1, 0), Is.EqualTo(XenError.EINVAL));
    }

    [Test]
    public void WrongArgumentsMapNothing()
    {
        const ulong most = uint.MaxValue;
        Assert.That(Map(0, MemoryAbi.ResourceRing, 0, RingFrames, Hole), Is.EqualTo(XenError.EINVAL));
        Assert.That(Map(0, MemoryAbi.ResourceRing, 0, ulong.MaxValue, Hole), Is.EqualTo(XenError.EINVAL));
        Assert.That(Acquire(0, MemoryAbi.ResourceRing, 0, 1, most, List), Is.EqualTo(XenError.EINVAL));
        Assert.That(Acquire(0, MemoryAbi.ResourceRing, 0, 0, 1, Hole << 12), Is.EqualTo(XenError.EFAULT));
        Assert.That(Acquire(0, MemoryAbi.ResourceRing, 0, 0, 1, List, padding: 1), Is.EqualTo(XenError.EINVAL));
        Assert.That(Map(0, MemoryAbi.ResourceRing, 0, 0, most), Is.EqualTo(XenError.EINVAL), "a page that no domain has");
        Assert.That(_host.Call(0, MemoryOp, bits == 32, MemoryAbi.AcquireResource, Hole << 12), Is.EqualTo(XenError.EFAULT));
        Assert.That(Kernel.Domains.Slots[0].Physmap.TryLookup(Hole, out PhysmapEntry _), Is.False);
        AssertClean();
    }

    [Test]
    public void RemovedPagesStayTheCores()
    {
        Map(0, MemoryAbi.ResourceRing, 0, 0, Pages(Hole, 3));
        _host.Page(0, Hole)[5] = 0x42;
        Assert.That(Remove(0, Hole), Is.Zero);
        Assert.That(Remove(0, Hole), Is.EqualTo(XenError.ENOENT));
        Assert.That(Kernel.Memory.Frames.Type(_ring[0]), Is.EqualTo(FrameType.Lent));
        Assert.That(Kernel.Memory.Allocator.FreeFrames, Is.EqualTo(_freeAtStart));
        Assert.That(Map(1, MemoryAbi.ResourceRing, 0, 0, Hole), Is.Zero);
        Assert.That(_host.Page(1, Hole)[5], Is.EqualTo(0x42));
        AssertClean();
    }

    [Test]
    public void TheyReplaceMemoryAndAreReplacedByIt()
    {
        Assert.That(Map(0, MemoryAbi.ResourceRing, 0, 0, 100), Is.Zero);
        Assert.That(_host.Domain(0).Memory.Pages, Is.EqualTo(TestHost.DomainFrames - 1));
        Assert.That(Kernel.Memory.Allocator.FreeFrames, Is.EqualTo(_freeAtStart + 1));
        AssertClean();
        Assert.That(_host.Domain(0).Memory.Populate(100, 0), Is.Zero);
        Assert.That(Entry(0, 100).Kind, Is.EqualTo(PageKind.Ram));
        Assert.That(Kernel.Memory.Allocator.FreeFrames, Is.EqualTo(_freeAtStart));
        AssertClean();
    }

    [Test]
    public void AForeignPageIsNotReplaced()
    {
        Assert.That(_host.Domain(1).Physmap.TryLookup(7, out PhysmapEntry page), Is.True);
        Kernel.Memory.Frames.TryReference(page.Mfn, 2);
        using (_host.Domain(0).Physmap.Lock.Hold())
        {
            Assert.That(_host.Domain(0).Memory.MapForeign(Hole, page.Mfn, isWritable: true), Is.Zero);
        }

        Assert.That(Map(0, MemoryAbi.ResourceRing, 0, 0, Hole), Is.EqualTo(XenError.EINVAL));
        Assert.That(Entry(0, Hole).Mfn, Is.EqualTo(page.Mfn));
    }

    [Test]
    public void TheyCanBeNeitherGivenUpNorPassedOnNorUsedByTheCore()
    {
        Map(0, MemoryAbi.ResourceRing, 0, 0, Hole);
        Domain domain = _host.Domain(0);
        Assert.That(domain.Memory.RemovePages([Hole]), Is.Zero);
        Assert.That(domain.Memory.RemoveExtent(Hole, 0), Is.EqualTo(XenError.EINVAL));
        Assert.That(domain.Memory.MovePage(Hole, Hole + 1), Is.EqualTo(XenError.EINVAL));
        Assert.That(domain.Memory.TryPin(Hole, out _), Is.False);
        Assert.That(Kernel.Memory.Frames.TryReference(_ring[0], FrameTable.Nobody), Is.False);
        Assert.That(HypercallPage.TryWrite(domain, Hole), Is.False);
        Assert.That(new GuestWriter(domain).TryWriteBytes(Hole << 12, "text"u8), Is.False);
        Assert.That(_host.Call(0, MemoryOp, bits == 32, MemoryAbi.AcquireResource, Hole << 12), Is.EqualTo(XenError.EFAULT));
        Assert.That(_host.Page(0, Hole).ContainsAnyExcept((byte)0), Is.False);
        AssertClean();
    }

    [Test]
    public void TheNextDomainOfTheEntryFindsThemAsTheyWere()
    {
        Map(0, MemoryAbi.ResourceKept, 0, 0, Pages(Hole, KeptFrames));
        Map(0, MemoryAbi.ResourceRing, 0, 0, 300);
        _host.Page(0, Hole + 3)[17] = 0x42;
        _host.Page(0, 300)[18] = 0x43;
        Domain domain = _host.Domain(0);
        domain.State = DomainState.Dying;
        while (!DomainTeardown.DoPiece(domain))
        {
        }

        Kernel.Domains.Release(domain);
        AssertClean();
        _host.Start(domain);
        Assert.That(domain.Id, Is.EqualTo(1));
        Assert.That(Map(0, MemoryAbi.ResourceKept, 0, 3, Hole), Is.Zero);
        Assert.That(Map(0, MemoryAbi.ResourceRing, 0, 0, 301), Is.Zero);
        Assert.That((_host.Page(0, Hole)[17], _host.Page(0, 301)[18]), Is.EqualTo(((byte)0x42, (byte)0x43)));
        AssertClean();
    }

    [Test]
    public void AnEntryWithoutAnythingGetsANewIdAndNoRing()
    {
        Domain domain = _host.Domain(2);
        while (!DomainTeardown.DoPiece(domain))
        {
        }

        Kernel.Domains.Release(domain);
        _host.Start(domain);
        Assert.That(domain.Id, Is.EqualTo(4));
    }

    [Test]
    public void AHostWithoutTheMemoryStops()
    {
        Kernel.Domains.Rings = [new RingConfig(1, 2, new LentMemory(TestHost.FrameCount))];
        Assert.That(() => Startup.TakeLentMemory(Kernel), Throws.InvalidOperationException.With.Message.Contains("not enough memory"));
    }

    [Test]
    public void TheAuditFindsWhatIsLentWrongly()
    {
        Domain domain = _host.Domain(0);
        Assert.That(domain.Physmap.TryLookup(9, out PhysmapEntry page), Is.True);
        domain.Physmap.Map(Hole, page.Mfn, 0, NestedAccess.All, PageKind.Lent);
        AssertFinds("lent that is somebody's");
        domain.Physmap.Unmap(Hole, 0, out _);
        domain.Physmap.Map(Hole, _ring[0], 0, NestedAccess.All, PageKind.Ram);
        AssertFinds("not its own");
    }

    // Pages of all kinds come and go; no frame is lost and none is gained.
    [Test]
    public void RandomChangesKeepTheBooks()
    {
        Random random = new(bits);
        Domain domain = _host.Domain(0);
        for (int i = 0; i < 2000; i++)
        {
            ulong gfn = (ulong)random.Next(64, 96) + ((ulong)random.Next(2) * (Hole - 64));
            switch (random.Next(5))
            {
                case 0 or 1:
                    Map(0, MemoryAbi.ResourceRing, 0, (ulong)random.Next(RingFrames), gfn);
                    break;
                case 2:
                    domain.Memory.Populate(gfn, 0);
                    break;
                case 3:
                    Remove(0, gfn);
                    break;
                default:
                    domain.Memory.MovePage(gfn, (ulong)random.Next(64, 96));
                    break;
            }

            Assert.That(Kernel.Memory.Allocator.FreeFrames + domain.Memory.Pages, Is.EqualTo(_freeAtStart + TestHost.DomainFrames));
            if (i % 200 == 0)
                AssertClean();
        }

        AssertClean();
    }

    [Test]
    public void RandomArgumentsHarmNobody()
    {
        Random random = new(bits);
        HashSet<long> allowed = [0, XenError.EFAULT, XenError.EINVAL, XenError.EPERM, XenError.ESRCH, XenError.ENOENT, XenError.EOPNOTSUPP, XenError.ENOMEM];
        ulong[] interesting = [0, 1, 2, 3, RingFrames, 0x7FF0, 0x7FF4, 0x8000, 0x8001, 0xFFFF, uint.MaxValue, ulong.MaxValue];
        for (int i = 0; i < 2000; i++)
        {
            ulong Pick() => random.Next(3) == 0 ? (ulong)random.NextInt64() : interesting[random.Next(interesting.Length)];
            int caller = random.Next(3);
            ulong list = random.Next(4) == 0 ? Pick() : List;
            new GuestStructures(_host, caller, bits).WriteArray(List, Hole + (ulong)random.Next(64), Pick() | Hole, Pick() | Hole);
            ushort type = random.Next(2) == 0 ? (ushort)Pick() : MemoryAbi.ResourceRing;
            long result = Acquire(caller, type, (uint)Pick() & 1, Pick(), Pick() & 3, list, random.Next(2) == 0 ? DomainIds.Self : (ushort)Pick(), (uint)Pick() & 1);
            Assert.That(allowed, Does.Contain(result));
        }

        AssertClean();
    }

    private static void Configure(DomainConfig config)
    {
        config.HasRing = config.Name[^1] != '2';
        config.Kept = new LentMemory(config.Name[^1] == '0' ? KeptFrames : 0);
    }

    private static ulong[] Pages(ulong first, int count) => [.. Enumerable.Range(0, count).Select(i => first + (ulong)i)];

    private static IEnumerable<ulong> Frames(LentMemory memory) => Enumerable.Range(0, memory.Count).Select(i => memory[i]);

    private (ulong Mfn, PageKind Kind, NestedAccess Access) Entry(int domain, ulong gfn)
    {
        Assert.That(_host.Domain(domain).Physmap.TryLookup(gfn, out PhysmapEntry entry), Is.True);
        return (entry.Mfn, entry.Kind, entry.Access);
    }

    private long Map(int domain, ushort type, uint id, ulong first, params ulong[] gfns)
    {
        new GuestStructures(_host, domain, bits).WriteArray(List, gfns);
        return Acquire(domain, type, id, first, (ulong)gfns.Length, List);
    }

    private long Acquire(
        int domain, ushort type, uint id, ulong first, ulong count, ulong list, ushort domid = DomainIds.Self, uint padding = 0)
    {
        new GuestStructures(_host, domain, bits).Write(
            Arguments, Structure, ("domid", domid), ("type", type), ("id", id), ("nr_frames", count), ("pad", padding),
            ("frame", first), ("frame_list", list));
        return _host.Call(domain, MemoryOp, bits == 32, MemoryAbi.AcquireResource, Arguments);
    }

    private long Remove(int domain, ulong gfn)
    {
        new GuestStructures(_host, domain, bits).Write(
            Arguments, "struct xen_remove_from_physmap", ("domid", DomainIds.Self), ("gpfn", gfn));
        return _host.Call(domain, MemoryOp, bits == 32, MemoryAbi.RemoveFromPhysmap, Arguments);
    }

    private void AssertClean() => Assert.That(Audit.Check(Kernel), Is.True, _host.Machine.Log.ToString());

    private void AssertFinds(string problem)
    {
        Assert.That(Audit.Check(Kernel), Is.False);
        Assert.That(_host.Machine.Log.ToString(), Does.Contain(problem));
    }
}
