using System;
using System.Linq;
using Microkernel.Core.Abi;
using Microkernel.Core.Hardware;
using Microkernel.Core.Memory;
using Microkernel.Core.Tests.Fakes;
using NUnit.Framework;
using static Microkernel.Core.Tests.Grants.GrantFixture;

namespace Microkernel.Core.Tests.Grants;

[TestFixture(64)]
[TestFixture(32)]
public sealed class GrantMappingTests(int bits)
{
    private const uint Active = GrantAbi.PermitAccess;

    private GrantFixture _f = null!;

    [SetUp]
    public void SetUp() => _f = new GrantFixture(bits);

    [Test]
    public void MappingSharesTheFrameAndMarksTheEntry()
    {
        _f.Grant(0, 9, _f.Id(1), 100);
        Assert.That(_f.Map(1, _f.Id(0), 9, Hole, out uint first), Is.EqualTo(GrantAbi.Okay));
        Assert.That(_f.Map(1, _f.Id(0), 9, Hole + 1, out uint second, GrantAbi.HostMap | GrantAbi.MapReadOnly), Is.Zero);
        Assert.That(_f.Flags(0, 9), Is.EqualTo(Active | GrantAbi.Reading | GrantAbi.Writing));
        Assert.That(_f.Mfn(1, Hole), Is.EqualTo(_f.Mfn(0, 100)));
        Assert.That(_f.Domain(1).Physmap.TryLookup(Hole + 1, out _, out NestedAccess access), Is.True);
        Assert.That(access & NestedAccess.Write, Is.EqualTo(NestedAccess.None));
        Assert.That(_f.Unmap(1, Hole, first), Is.EqualTo(GrantAbi.Okay));
        Assert.That(_f.Flags(0, 9), Is.EqualTo(Active | GrantAbi.Reading));
        Assert.That(_f.Unmap(1, Hole, first), Is.EqualTo(GrantAbi.BadHandle));
        Assert.That(_f.Unmap(1, Hole, second), Is.EqualTo(GrantAbi.GeneralError), "not where that handle is");
        Assert.That(_f.Unmap(1, Hole + 1, second), Is.EqualTo(GrantAbi.Okay));
        Assert.That(_f.Flags(0, 9), Is.EqualTo(Active));
        Assert.That(_f.Memory.Frames.References(_f.Mfn(0, 100)), Is.Zero);
        Assert.That(_f.Domain(1).Physmap.TryLookup(Hole, out PhysmapEntry _), Is.False);
    }

    [Test]
    public void WhatIsNotGrantedIsNotMapped()
    {
        ushort granter = _f.Id(0);
        _f.Grant(0, 9, _f.Id(1), 100);
        _f.Grant(0, 10, 77, 100);
        _f.Grant(0, 11, _f.Id(1), 100, Active | GrantAbi.ReadOnly);
        _f.Grant(0, 12, _f.Id(1), 4000);
        _f.Grant(0, 13, _f.Id(1), TableGfn);
        _f.Grant(0, 14, _f.Id(1), 100, 2);
        _f.Grant(0, 15, _f.Id(1), 100, 3);
        (uint Reference, uint Flags, short Status)[] cases =
        [
            (9, 0, GrantAbi.BadReference),
            (9, GrantAbi.DeviceMap, GrantAbi.GeneralError),
            (9, GrantAbi.HostMap | GrantAbi.ContainsPte, GrantAbi.GeneralError),
            (9, GrantAbi.HostMap | GrantAbi.ApplicationMap, GrantAbi.GeneralError),
            (10, GrantAbi.HostMap, GrantAbi.GeneralError),
            (11, GrantAbi.HostMap, GrantAbi.GeneralError),
            (12, GrantAbi.HostMap, GrantAbi.BadPage),
            (13, GrantAbi.HostMap, GrantAbi.BadPage),
            (14, GrantAbi.HostMap, GrantAbi.GeneralError),
            (15, GrantAbi.HostMap, GrantAbi.GeneralError),
            (16, GrantAbi.HostMap, GrantAbi.GeneralError),
            (512, GrantAbi.HostMap, GrantAbi.BadReference),
            (uint.MaxValue, GrantAbi.HostMap, GrantAbi.BadReference),
        ];
        foreach ((uint reference, uint flags, short status) in cases)
        {
            Assert.That(_f.Map(1, granter, reference, Hole, out _, flags), Is.EqualTo(status), $"reference {reference}");
        }

        Assert.That(_f.Flags(0, 12), Is.EqualTo(Active), "the claim is taken back");
        Assert.That(_f.Map(1, 99, 9, Hole, out _), Is.EqualTo(GrantAbi.BadDomain));
        Assert.That(_f.Map(1, DomainIds.Self, 9, Hole, out _), Is.EqualTo(GrantAbi.BadDomain));
        Assert.That(_f.Domain(1).Memory.ForeignPages, Is.Zero);
        Assert.That(_f.Memory.Frames.References(_f.Mfn(0, 100)), Is.Zero);
    }

    [Test]
    public void EntryInUseIsNotTrustedAgain()
    {
        _f.Grant(0, 9, _f.Id(1), 100);
        ulong mfn = _f.Mfn(0, 100);
        _f.Map(1, _f.Id(0), 9, Hole, out _);
        _f.Grant(0, 9, _f.Id(1), 101, Active | GrantAbi.Reading | GrantAbi.Writing);
        Assert.That(_f.Map(1, _f.Id(0), 9, Hole + 1, out uint handle), Is.Zero);
        Assert.That(_f.Mfn(1, Hole + 1), Is.EqualTo(mfn), "the frame of the first mapping");
        _f.Grant(0, 9, 55, 101);
        Assert.That(_f.Unmap(1, Hole + 1, handle), Is.Zero);
        Assert.That(_f.Unmap(1, Hole, 0), Is.Zero);
        Assert.That(_f.Memory.Frames.References(mfn), Is.Zero);
    }

    [Test]
    public void PlaceOfAMappingIsChecked()
    {
        _f.Grant(0, 9, _f.Id(1), 100);
        Assert.That(_f.Map(1, _f.Id(0), 9, Hole, out _), Is.Zero);
        Assert.That(_f.Map(1, _f.Id(0), 9, Hole, out _), Is.EqualTo(GrantAbi.GeneralError), "a foreign page is there");
        Assert.That(_f.Map(1, _f.Id(0), 9, ulong.MaxValue >> 12, out _), Is.EqualTo(GrantAbi.GeneralError), "no such page");
        Assert.That(_f.Map(1, _f.Id(0), 9, 50, out uint over), Is.Zero);
        Assert.That(_f.Domain(1).Memory.Pages, Is.EqualTo(TestHost.DomainFrames - 1), "the page under it is given up");
        Assert.That(_f.Unmap(1, 50, over), Is.Zero);
        Assert.That(_f.Memory.Frames.References(_f.Mfn(0, 100)), Is.EqualTo(1));
    }

    [Test]
    public void GrantedPageCannotBePassedOn()
    {
        _f.Grant(0, 9, _f.Id(1), 100);
        _f.Map(1, _f.Id(0), 9, Hole, out _);
        _f.Grant(1, 9, _f.Id(0), Hole);
        Assert.That(_f.Map(0, _f.Id(1), 9, Hole, out _), Is.EqualTo(GrantAbi.BadPage));
    }

    [Test]
    public void DomainMapsItsOwnGrant()
    {
        _f.Grant(0, 9, _f.Id(0), 100);
        Assert.That(_f.Map(0, _f.Id(0), 9, Hole, out uint handle), Is.Zero);
        Assert.That(_f.Mfn(0, Hole), Is.EqualTo(_f.Mfn(0, 100)));
        Assert.That(_f.Unmap(0, Hole, handle), Is.Zero);
        Assert.That(_f.Flags(0, 9), Is.EqualTo(Active));
    }

    [Test]
    public void PageGivenUpByItsOwnerLivesOnInTheMapping()
    {
        _f.Grant(0, 9, _f.Id(1), 100);
        ulong mfn = _f.Mfn(0, 100);
        _f.Map(1, _f.Id(0), 9, Hole, out uint handle);
        Assert.That(_f.Domain(0).Memory.RemovePages([100]), Is.EqualTo(1));
        Assert.That(_f.Memory.Frames.Type(mfn), Is.EqualTo(FrameType.GuestRam));
        Assert.That(_f.Map(1, _f.Id(0), 9, Hole + 1, out _), Is.EqualTo(GrantAbi.BadPage), "no new claim on it");
        Assert.That(_f.Unmap(1, Hole, handle), Is.Zero);
        Assert.That(_f.Memory.Frames.Type(mfn), Is.EqualTo(FrameType.Free));
    }

    [Test]
    public void LongArraysAreContinued()
    {
        const int count = 60;
        _f.Grant(0, 9, _f.Id(1), 100);
        for (uint i = 0; i < count; i++)
        {
            _f.WriteMap(0x1000 + i * 32, 1, _f.Id(0), i == 1 ? 10u : 9u, Hole + i);
        }

        Assert.That(_f.Call(1, GrantAbi.MapGrantRef, 0x1000, count), Is.Zero);
        for (uint i = 0; i < count; i++)
        {
            Assert.That(_f.ReadMap(0x1000 + i * 32, 1, out uint handle), Is.EqualTo(i == 1 ? GrantAbi.GeneralError : 0));
            _f.WriteUnmap(0x2000 + i * 24, 1, Hole + i, handle);
        }

        int kicks = _f.Host.Machine.Kicks.Sum();
        Assert.That(_f.Call(1, GrantAbi.UnmapGrantRef, 0x2000, count), Is.Zero);
        for (uint i = 0; i < count; i++)
        {
            Assert.That(_f.ReadUnmap(0x2000 + i * 24, 1), Is.EqualTo(i == 1 ? GrantAbi.BadHandle : 0));
        }

        Assert.That(_f.Flags(0, 9), Is.EqualTo(Active));
        Assert.That(_f.Host.Machine.Kicks.Sum(), Is.EqualTo(kicks), "nobody is in guest mode");
    }

    [Test]
    public void FaultEndsTheArrayBehindWhatIsDone()
    {
        const ulong end = TestHost.DomainFrames << 12;
        _f.Grant(0, 9, _f.Id(1), 100);
        _f.WriteMap(end - 32, 1, _f.Id(0), 9, Hole);
        Assert.That(_f.Call(1, GrantAbi.MapGrantRef, end - 32, 2), Is.EqualTo(XenError.EFAULT));
        Assert.That(_f.ReadMap(end - 32, 1, out uint handle), Is.Zero);
        _f.WriteUnmap(end - 24, 1, Hole, handle);
        Assert.That(_f.Call(1, GrantAbi.UnmapGrantRef, end - 24, 2), Is.EqualTo(XenError.EFAULT));
        Assert.That(_f.Flags(0, 9), Is.EqualTo(Active), "the mapping that was undone is released");
        Assert.That(_f.Call(1, GrantAbi.MapGrantRef, Arguments, 0), Is.Zero);
        Assert.That(_f.Call(1, GrantAbi.MapGrantRef, Arguments, 0x8000_0000), Is.EqualTo(XenError.EINVAL));
    }

    [Test]
    public void EmptyPoolIsAnErrorAndUndoesAll()
    {
        _f.Grant(0, 9, _f.Id(1), 100);
        while (_f.Domain(1).Pool.TryTake(out _))
        {
        }

        Assert.That(_f.Map(1, _f.Id(0), 9, Hole, out _), Is.EqualTo(GrantAbi.NoSpace));
        Assert.That(_f.Flags(0, 9), Is.EqualTo(Active));
        Assert.That(_f.Domain(1).Memory.ForeignPages, Is.Zero);
        Assert.That(_f.Memory.Frames.References(_f.Mfn(0, 100)), Is.Zero);
    }

    [Test]
    public void DeadGranteeLetsGo()
    {
        ulong free = _f.Memory.Allocator.FreeFrames;
        for (uint i = 0; i < 300; i++)
        {
            _f.Grant(0, i, _f.Id(1), 100 + i);
            Assert.That(_f.Map(1, _f.Id(0), i, Hole + i, out _, i % 2 == 0 ? GrantAbi.HostMap : 6), Is.Zero);
        }

        TearDown(_f.Domain(1));
        Assert.That(Enumerable.Range(0, 300).All(i => _f.Flags(0, (uint)i) == Active), Is.True);
        Assert.That(_f.Memory.Allocator.FreeFrames, Is.GreaterThan(free + TestHost.DomainFrames));
        Assert.That(Enumerable.Range(0, 300).All(i => _f.Memory.Frames.References(_f.Mfn(0, 100 + (ulong)i)) == 0), Is.True);
    }

    [Test]
    public void DeadGrantersFrameStaysUntilUnmapped()
    {
        _f.Grant(0, 9, _f.Id(1), 100);
        ulong mfn = _f.Mfn(0, 100);
        _f.Map(1, _f.Id(0), 9, Hole, out uint handle);
        ulong free = _f.Memory.Allocator.FreeFrames;
        ushort id = _f.Id(0);
        TearDown(_f.Domain(0));
        Assert.That(_f.Map(1, id, 9, Hole + 1, out _), Is.EqualTo(GrantAbi.BadDomain));
        Assert.That(_f.Memory.Frames.Type(mfn), Is.EqualTo(FrameType.GuestRam));

        // The slot is used again: its new domain's entry 9 is not the old one's.
        _f.Host.Kernel.Domains.Release(_f.Domain(0));
        _f.Host.Start(_f.Domain(0));
        Assert.That(_f.Domain(0).Grants.MapFrame(0, TableGfn), Is.Zero);
        _f.Grant(0, 9, 99, 100, Active | GrantAbi.Reading | GrantAbi.Writing);
        Assert.That(_f.Unmap(1, Hole, handle), Is.Zero);
        Assert.That(_f.Memory.Frames.Type(mfn), Is.EqualTo(FrameType.Free));
        Assert.That(_f.Flags(0, 9), Is.EqualTo(Active | GrantAbi.Reading | GrantAbi.Writing));
        TearDown(_f.Domain(0));
        TearDown(_f.Domain(1));
        Assert.That(_f.Memory.Allocator.FreeFrames, Is.EqualTo(TestHost.FrameCount - TestHost.FirstFreeFrame));
        Assert.That(free, Is.Not.Zero);
    }
}
