using System;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Memory;
using Microkernel.Core.Tests.Fakes;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Memory;

/// <summary>The audit must find what is wrong: each test breaks one invariant behind everybody's back.</summary>
public sealed class AuditTests
{
    private TestHost _host = null!;

    private Domain Domain => _host.Domain(0);

    private HostMemory Memory => _host.Kernel.Memory;

    [SetUp]
    public void SetUp()
    {
        _host = new TestHost();
        Assert.That(Audit.Check(_host.Kernel), Is.True, _host.Machine.Log.ToString());
    }

    private void Finds(string problem)
    {
        Assert.That(Audit.Check(_host.Kernel), Is.False);
        Assert.That(_host.Machine.Log.ToString(), Does.Contain(problem));
    }

    private ulong Mfn(int domain, ulong gfn)
    {
        Assert.That(_host.Domain(domain).Physmap.TryLookup(gfn, out PhysmapEntry entry), Is.True);
        return entry.Mfn;
    }

    [Test]
    public void FindsMemoryOfAnotherDomain()
    {
        Domain.Physmap.Map(5000, Mfn(1, 3), 0, NestedAccess.All, PageKind.Ram);
        Finds("not its own");
    }

    [Test]
    public void FindsPageMappedTwice()
    {
        Domain.Physmap.Map(5000, Mfn(0, 3), 0, NestedAccess.All, PageKind.Ram);
        Finds("or twice");
    }

    [Test]
    public void FindsMemoryThatIsMappedNowhere()
    {
        Domain.Physmap.Unmap(3, 0, out _);
        Finds("not mapped by its owner");
    }

    [Test]
    public void FindsForeignPageWithoutReference()
    {
        Domain.Physmap.Map(5000, Mfn(1, 3), 0, NestedAccess.Read, PageKind.Foreign);
        Finds("without a reference");
    }

    [Test]
    public void FindsReferenceWithoutReason()
    {
        Memory.Frames.TryReference(Mfn(0, 3), Domain.Id);
        Finds("without a reason");
    }

    [Test]
    public void FindsFreedPageThatIsStillMapped()
    {
        Memory.Allocator.GiveUp(Mfn(0, 3));
        Finds("not its own");
    }

    [Test]
    public void FindsPageTableInGuestMemory()
    {
        ulong mfn = Mfn(0, 3);
        ulong root = Domain.Physmap.Root;
        _host.Machine.Frames[root].Slice(8 * 100, 8).Clear();
        BitConverter.TryWriteBytes(_host.Machine.Frames[root].Slice(8 * 100, 8), _host.Machine.NestedFormat.Table(mfn));
        Finds("not its domain's own");
    }

    [Test]
    public void FindsPoolFrameThatIsMapped()
    {
        Domain.Pool.TryTake(out ulong mfn);
        Domain.Physmap.Map(5000, mfn, 0, NestedAccess.All, PageKind.Shared);
        Finds("does not belong");
    }

    [Test]
    public void FindsWrongPageCount()
    {
        Memory.Allocator.TryAllocate(0, Domain.Id, FrameType.GuestRam, out ulong mfn);
        Domain.Physmap.Map(5000, mfn, 0, NestedAccess.All, PageKind.Ram);
        Finds("not counted right");
    }

    [Test]
    public void FindsFrameOfNoDomain()
    {
        Memory.Allocator.TryAllocate(0, 99, FrameType.GuestRam, out _);
        Finds("does not exist");
    }

    [Test]
    public void LeavesNoTraces()
    {
        Domain.Physmap.Unmap(3, 0, out PhysmapEntry removed);
        Finds("not mapped by its owner");
        Domain.Physmap.Map(3, removed.Mfn, 0, NestedAccess.All, PageKind.Ram);
        Assert.That(Audit.Check(_host.Kernel), Is.True);
    }
}
