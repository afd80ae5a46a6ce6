using System;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using Microkernel.Core.Events;
using Microkernel.Core.Tests.Fakes;
using Microkernel.Core.Vcpus;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Events;

public sealed class EventChannelTests
{
    private TestHost _host = null!;
    private EventGuest _a = null!;
    private EventGuest _b = null!;

    [SetUp]
    public void MakeTwoDomains()
    {
        _host = new TestHost(domains: 2, vcpus: 2);
        _a = new EventGuest(_host, 0);
        _b = new EventGuest(_host, 1);
    }

    [Test]
    public void PortsAreGivenOutFromOne()
    {
        Assert.That(_a.AllocUnbound(_b.Id), Is.EqualTo(1));
        Assert.That(_a.AllocUnbound(_b.Id), Is.EqualTo(2));
        Assert.That(_a.Close(1), Is.Zero);
        Assert.That(_a.AllocUnbound(_b.Id), Is.EqualTo(1));
        Assert.That(_a.StateOf(0), Is.EqualTo(EventChannelAbi.StatusClosed));
        Assert.That(_a.Close(0), Is.EqualTo(XenError.EINVAL));
        Assert.That(_a.Send(0), Is.EqualTo(XenError.EINVAL));
    }

    [TestCase(false, 4095)]
    [TestCase(true, 1023)]
    public void ThereAreAsManyPortsAsTheLayoutHasBits(bool is32, int most)
    {
        SharedInfo.Latch(_a.Domain, is32);
        for (int i = 1; i <= most; i++)
        {
            Assert.That(_a.BindIpi(0), Is.EqualTo(i));
        }

        Assert.That(_a.BindIpi(0), Is.EqualTo(XenError.ENOSPC));
        Assert.That(_a.Close(700), Is.Zero);
        Assert.That(_a.BindIpi(0), Is.EqualTo(700));
        Assert.That(_a.Send((uint)most), Is.Zero);
        Assert.That(_a.IsPending((uint)most));
    }

    [Test]
    public void OnlyTheNamedDomainBinds()
    {
        uint port = (uint)_a.AllocUnbound(99);
        Assert.That(_b.BindInterdomain(_a.Id, port), Is.EqualTo(XenError.EINVAL));
        Assert.That(_b.BindInterdomain(_a.Id, port + 1), Is.EqualTo(XenError.EINVAL));
        Assert.That(_b.BindInterdomain(_a.Id, uint.MaxValue), Is.EqualTo(XenError.EINVAL));
        Assert.That(_b.BindInterdomain(77, port), Is.EqualTo(XenError.ESRCH));
        Assert.That(_b.StateOf(1), Is.EqualTo(XenError.EINVAL), "a refused call takes no port");
    }

    [Test]
    public void AnEventCrossesAndTellsTheBoundVcpu()
    {
        (uint a, uint b) = Connect();
        Assert.That(_b.BindVcpu(b, 1), Is.Zero);
        _b.Clear(b);
        _b.ClearUpcall(0);
        _b.TakeWork(1);
        Assert.That(_a.Send(a), Is.Zero);
        Assert.That(_b.IsPending(b));
        Assert.That(_b.IsUpcallPending(1));
        Assert.That(_b.IsUpcallPending(0), Is.False);
        Assert.That(_b.Selector(1), Is.EqualTo(1));
        Assert.That(_b.TakeWork(1) & PendingWork.Upcall, Is.EqualTo(PendingWork.Upcall));
        Assert.That(_a.IsPending(a), Is.False);
    }

    [Test]
    public void APendingOrMaskedPortTellsNobody()
    {
        (uint a, uint b) = Connect();
        _b.ClearUpcall(0);
        _b.TakeWork(0);
        Assert.That(_a.Send(a), Is.Zero, "still pending from the binding");
        Assert.That(_b.IsUpcallPending(0), Is.False);
        _b.Clear(b);
        _b.SetMask(b, true);
        Assert.That(_a.Send(a), Is.Zero);
        Assert.That(_b.IsPending(b));
        Assert.That(_b.IsUpcallPending(0), Is.False);
        Assert.That(_b.TakeWork(0), Is.EqualTo(PendingWork.None));
        Assert.That(_b.Unmask(b), Is.Zero);
        Assert.That(_b.IsMasked(b), Is.False);
        Assert.That(_b.IsUpcallPending(0));
    }

    [Test]
    public void ClosingLeavesTheOtherEndUnbound()
    {
        (uint a, uint b) = Connect();
        Assert.That(_a.Close(a), Is.Zero);
        Assert.That(_b.Status(b, out EventChannelAbi.StatusArgument status), Is.Zero);
        Assert.That(status.Status, Is.EqualTo(EventChannelAbi.StatusUnbound));
        Assert.That((ushort)status.Peer, Is.EqualTo(_a.Id));
        Assert.That(_b.Send(b), Is.Zero);
        Assert.That(_a.BindInterdomain(_b.Id, b), Is.EqualTo(a));
    }

    [TestCase(255u, 256u)]
    [TestCase(256u, 255u)]
    [TestCase(511u, 512u)]
    [TestCase(700u, 3u)]
    public void PortsBeyondTheFirstOnesAreAsGood(uint one, uint other)
    {
        while (_a.BindIpi(0) < 700)
        {
        }

        Assert.That(_a.Close(one), Is.Zero);
        Assert.That(_a.Send(one), Is.EqualTo(XenError.EINVAL));
        Assert.That(_a.Send(other), Is.Zero);
        Assert.That(_a.IsPending(one), Is.False);
        Assert.That(_a.IsPending(other));
        Assert.That(_a.BindIpi(0), Is.EqualTo(one), "the lowest that is free");
        Assert.That(_a.Send(one), Is.Zero);
        Assert.That(_a.IsPending(one));
    }

    [Test]
    public void TheEndOfADomainUnbindsItsPeers()
    {
        (uint a, uint b) = Connect();
        uint waiting = (uint)_a.AllocUnbound(_b.Id);
        while (_a.BindIpi(0) < 300)
        {
        }

        int free = _a.Domain.Pool.FreeCount;
        while (!_a.Domain.Events.TeardownPiece())
        {
        }

        Assert.That(_b.StateOf(b), Is.EqualTo(EventChannelAbi.StatusUnbound));
        Assert.That(_b.Send(b), Is.Zero);
        Assert.That(_b.BindInterdomain(_a.Id, waiting), Is.EqualTo(XenError.EINVAL));
        Assert.That(_a.Domain.Pool.FreeCount, Is.EqualTo(free + 1), "the frame with the ports from 256 on");
    }

    [Test]
    public void PortsThatANarrowLayoutHasNoBitsForAreClosedAtTheEnd()
    {
        for (int i = 1; i < 1200; i++)
        {
            Assert.That(_a.BindIpi(0), Is.EqualTo(i));
        }

        uint far = (uint)_a.AllocUnbound(_b.Id);
        uint b = (uint)_b.BindInterdomain(_a.Id, far);
        byte[] before = _a.SharedInfo.ToArray();
        SharedInfo.Latch(_a.Domain, true);
        before.AsSpan(2304).Clear();
        Assert.That(_b.Send(b), Is.Zero);
        Assert.That(_a.Unmask(far), Is.Zero);
        Assert.That(_a.SharedInfo[..2304].SequenceEqual(before.AsSpan(0, 2304)));
        while (!_a.Domain.Events.TeardownPiece())
        {
        }

        Assert.That(_b.StateOf(b), Is.EqualTo(EventChannelAbi.StatusUnbound));
    }

    [Test]
    public void APortWhoseOtherEndIsGoneCanBeClosed()
    {
        (_, uint b) = Connect();
        _host.Kernel.Domains.Release(_a.Domain);
        Assert.That(_b.Send(b), Is.Zero);
        Assert.That(_b.Close(b), Is.Zero);
    }

    [Test]
    public void ConnectionsWithinADomain()
    {
        uint first = (uint)_a.AllocUnbound(DomainIds.Self);
        uint second = (uint)_a.BindInterdomain(DomainIds.Self, first);
        Assert.That(second, Is.EqualTo(2));
        Assert.That(_a.IsPending(second));
        Assert.That(_a.Send(second), Is.Zero);
        Assert.That(_a.IsPending(first));
        Assert.That(_a.Close(first), Is.Zero);
        Assert.That(_a.StateOf(second), Is.EqualTo(EventChannelAbi.StatusUnbound));
    }

    [Test]
    public void VirtualInterruptsAreCheckedAsOnXen()
    {
        long timer = _a.BindVirq(EventChannelAbi.VirqTimer, 1);
        Assert.That(timer, Is.EqualTo(1));
        Assert.That(_a.BindVirq(EventChannelAbi.VirqTimer, 1), Is.EqualTo(XenError.EEXIST));
        Assert.That(_a.BindVirq(EventChannelAbi.VirqTimer, 2), Is.EqualTo(XenError.ENOENT));
        Assert.That(_a.BindVirq(EventChannelAbi.VirqCount, 0), Is.EqualTo(XenError.EINVAL));
        Assert.That(_a.BindVirq(3, 1), Is.EqualTo(XenError.EINVAL), "one of the domain's");
        Assert.That(_a.Send((uint)timer), Is.EqualTo(XenError.EINVAL));
        Assert.That(_a.BindVcpu((uint)timer, 0), Is.EqualTo(XenError.EINVAL));
        _a.Domain.Events.SendVirq(_a.Domain.Vcpus[0], EventChannelAbi.VirqTimer);
        Assert.That(_a.IsPending((uint)timer), Is.False, "another vCPU's");
        _a.Domain.Events.SendVirq(_a.Domain.Vcpus[1], EventChannelAbi.VirqTimer);
        Assert.That(_a.IsPending((uint)timer));
        Assert.That(_a.Close((uint)timer), Is.Zero);
        Assert.That(_a.IsPending((uint)timer), Is.False);
        Assert.That(_a.BindVirq(EventChannelAbi.VirqTimer, 1), Is.EqualTo(timer));
    }

    [Test]
    public void ADomainWideVirtualInterruptCanMove()
    {
        uint port = (uint)_a.BindVirq(EventChannelAbi.VirqCount - 1, 0);
        Assert.That(_a.BindVcpu(port, 1), Is.Zero);
        _a.Domain.Events.SendVirq(_a.Domain.Vcpus[0], EventChannelAbi.VirqCount - 1);
        Assert.That(_a.IsUpcallPending(1));
        Assert.That(_a.Close(port), Is.Zero);
        Assert.That(_a.BindVirq(EventChannelAbi.VirqCount - 1, 0), Is.EqualTo(port));
    }

    [Test]
    public void ResetClosesEverything()
    {
        (_, uint b) = Connect();
        _a.BindVirq(EventChannelAbi.VirqTimer, 0);
        for (int i = 0; i < 300; i++)
        {
            _a.BindIpi(0);
        }

        Assert.That(_a.Reset(), Is.Zero);
        Assert.That(_a.Domain.Events.HasOpenPorts, Is.False);
        Assert.That(_b.StateOf(b), Is.EqualTo(EventChannelAbi.StatusUnbound));
        Assert.That(_a.BindVirq(EventChannelAbi.VirqTimer, 0), Is.EqualTo(1));
        ushort self = DomainIds.Self;
        Assert.That(_a.Call(EventChannelAbi.ResetContinuation, ref self), Is.EqualTo(XenError.EBUSY));
    }

    [Test]
    public void ResetOfOthersIsRefused()
    {
        ushort other = _b.Id;
        Assert.That(_a.Call(EventChannelAbi.Reset, ref other), Is.EqualTo(XenError.EPERM));
        other = 99;
        Assert.That(_a.Call(EventChannelAbi.Reset, ref other), Is.EqualTo(XenError.ESRCH));
    }

    [Test]
    public void ABadPointerChangesNothing()
    {
        for (uint operation = 0; operation <= EventChannelAbi.ResetContinuation; operation++)
        {
            Assert.That(_host.Call(0, 32, operation, 1UL << 40), Is.EqualTo(XenError.EFAULT), $"operation {operation}");
        }

        Assert.That(_a.BindIpi(0), Is.EqualTo(1));
    }

    [Test]
    public void AVcpuWithoutInfoIsNotTold()
    {
        _a.Domain.Vcpus[1].InfoMfn = 0;
        uint port = (uint)_a.BindIpi(1);
        Assert.That(_a.Send(port), Is.Zero);
        Assert.That(_a.IsPending(port));
        Assert.That(_a.TakeWork(1), Is.EqualTo(PendingWork.None));
    }

    private (uint A, uint B) Connect()
    {
        uint a = (uint)_a.AllocUnbound(_b.Id);
        return (a, (uint)_b.BindInterdomain(_a.Id, a));
    }
}
