using System;
using System.Runtime.InteropServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using Microkernel.Core.Tests.Events;
using Microkernel.Core.Tests.Fakes;
using Microkernel.Core.Time;
using Microkernel.Core.Vcpus;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Time;

/// <summary>Timers of guests. The fake machine's counter runs at 1 GHz: a tick is a nanosecond.</summary>
public sealed class TimerTests
{
    private const ulong Millisecond = 1_000_000;
    private const ulong SetTimerOp = 15;
    private const ulong SchedOp = 29;
    private const ulong VcpuOp = 24;
    private const ulong Argument = 16 << 12;

    private TestHost _host = null!;
    private EventGuest _guest = null!;
    private uint _port;

    [SetUp]
    public void MakeGuest()
    {
        _host = new TestHost(domains: 1, vcpus: 2);
        _guest = new EventGuest(_host, 0);
        _port = (uint)_guest.BindVirq(EventChannelAbi.VirqTimer, 0);
    }

    [Test]
    public void FiresOnceAndNotEarly()
    {
        ulong deadline = _host.Kernel.Clock.Now() + (5 * Millisecond);
        Assert.That(_host.Call(0, SetTimerOp, deadline), Is.Zero);
        Pass((5 * Millisecond) - 1);
        Assert.That(Fired(), Is.False);
        Pass(5);
        Assert.That(Fired());
        Pass(100 * Millisecond);
        Assert.That(Fired(), Is.False);
    }

    [Test]
    public void HalvesOfA32BitCaller()
    {
        ulong deadline = (1UL << 33) + 5;
        Assert.That(_host.Call(0, SetTimerOp, true, (uint)deadline, deadline >> 32), Is.Zero);
        Pass((1UL << 33) - 1000);
        Assert.That(Fired(), Is.False);
        Pass(2000);
        Assert.That(Fired());
    }

    [TestCase(ulong.MaxValue)]
    [TestCase(1UL << 63)]
    [TestCase(1UL << 52)]
    public void AbsurdDeadlinesAreTakenForAHundredMilliseconds(ulong deadline)
    {
        Assert.That(_host.Call(0, SetTimerOp, deadline), Is.Zero);
        Pass(99 * Millisecond);
        Assert.That(Fired(), Is.False);
        Pass(2 * Millisecond);
        Assert.That(Fired());
    }

    [Test]
    public void ZeroStops()
    {
        Assert.That(_host.Call(0, SetTimerOp, _host.Kernel.Clock.Now() + 50), Is.Zero);
        Assert.That(_host.Call(0, SetTimerOp, 0), Is.Zero);
        Pass(1000);
        Assert.That(Fired(), Is.False);
    }

    [Test]
    public void SingleShotChecksItsArguments()
    {
        Pass(1000);
        Write(999UL, 1u);
        Assert.That(_host.Call(0, VcpuOp, 8, 0, Argument), Is.EqualTo(XenError.ETIME));
        Write(999UL, 0u);
        Assert.That(_host.Call(0, VcpuOp, 8, 0, Argument), Is.Zero);
        Pass(0);
        Assert.That(Fired());
        Assert.That(_host.Call(0, VcpuOp, 8, 1, Argument), Is.EqualTo(XenError.EINVAL), "another's");
        Assert.That(_host.Call(0, VcpuOp, 9, 1, 0), Is.EqualTo(XenError.EINVAL));
    }

    [Test]
    public void SingleShotOf32BitCallersIsShorter()
    {
        Assert.That(_host.Domain(0).Memory.RemovePage(18), Is.Zero);
        MemoryMarshal.Write(_host.Page(0, 17)[4084..], 100UL);
        Assert.That(_host.Call(0, VcpuOp, true, 8, 0, (18 << 12) - 12), Is.Zero);
        Assert.That(_host.Call(0, VcpuOp, false, 8, 0, (18 << 12) - 12), Is.EqualTo(XenError.EFAULT));
    }

    [Test]
    public void PeriodsKeepTheirPace()
    {
        Write(10 * Millisecond, 0u);
        Assert.That(_host.Call(0, VcpuOp, 6, 0, Argument), Is.Zero);
        int fired = 0;
        for (int i = 0; i < 100; i++)
        {
            Pass(Millisecond);
            fired += Fired() ? 1 : 0;
        }

        Assert.That(fired, Is.InRange(9, 10));
        Pass(1005 * Millisecond);
        Assert.That(Fired(), "missed periods come as one");
        Pass(4 * Millisecond);
        Assert.That(Fired(), Is.False);
        Assert.That(_host.Call(0, VcpuOp, 7, 0, 0), Is.Zero);
        Pass(100 * Millisecond);
        Assert.That(Fired(), Is.False);
    }

    [TestCase(0UL)]
    [TestCase(Millisecond - 1)]
    [TestCase(ulong.MaxValue)]
    public void BadPeriods(ulong period)
    {
        Write(period, 0u);
        Assert.That(_host.Call(0, VcpuOp, 6, 0, Argument), Is.EqualTo(XenError.EINVAL));
    }

    [Test]
    public void PollEndsWithItsTime()
    {
        Poll(_host.Kernel.Clock.Now() + 50, _port);
        Assert.That(_host.Vcpu(0).WantsBlock);
        Pass(40);
        Assert.That(_guest.TakeWork(0), Is.EqualTo(PendingWork.None));
        Pass(20);
        Assert.That(_guest.TakeWork(0), Is.EqualTo(PendingWork.Wake));
    }

    [Test]
    public void PollEndsWithAnEventEvenIfMasked()
    {
        uint ipi = (uint)_guest.BindIpi(0);
        _guest.SetMask(ipi, true);
        Poll(0, ipi, _port);
        Assert.That(_host.Vcpu(0).WantsBlock);
        Assert.That(_guest.Send(ipi), Is.Zero);
        Assert.That(_guest.TakeWork(0), Is.EqualTo(PendingWork.Wake));
        _host.Vcpu(0).WantsBlock = false;
        Poll(0, ipi, _port);
        Assert.That(_host.Vcpu(0).WantsBlock, Is.False, "it is pending already");
    }

    [Test]
    public void PollChecksItsArguments()
    {
        Assert.That(PollResult(129, Argument + 64, 0), Is.EqualTo(XenError.EINVAL));
        Assert.That(PollResult(1, 1UL << 40, 0), Is.EqualTo(XenError.EFAULT));
        MemoryMarshal.Write(_host.Page(0, 16)[64..], 3000u);
        Assert.That(PollResult(1, Argument + 64, 0), Is.EqualTo(XenError.EINVAL));
        Assert.That(_host.Vcpu(0).WantsBlock, Is.False);
    }

    [Test]
    public void AWatchdogThatIsNotFedEndsTheDomain()
    {
        Assert.That(Watchdog(0, 1), Is.EqualTo(1));
        Assert.That(Watchdog(0, 1), Is.EqualTo(2));
        Assert.That(Watchdog(0, 1), Is.EqualTo(XenError.ENOSPC));
        Assert.That(Watchdog(3, 1), Is.EqualTo(XenError.EINVAL));
        Assert.That(Watchdog(2, 0), Is.Zero);
        Assert.That(Watchdog(2, 0), Is.EqualTo(XenError.EINVAL));
        for (int i = 0; i < 5; i++)
        {
            Pass(900 * Millisecond);
            Assert.That(Watchdog(1, 1), Is.Zero);
        }

        Assert.That(_host.Domain(0).IsEnding, Is.False);
        Pass(1001 * Millisecond);
        Assert.That(_host.Domain(0).IsEnding);
        Assert.That(_host.Domain(0).EndReason, Is.EqualTo(ShutdownReason.Watchdog));
    }

    [Test]
    public void TimesInTheStatesAddUp([Values] bool is32)
    {
        Runstate runstate = _host.Vcpu(0).Runstate;
        runstate.Reset();
        Random random = new(3);
        ulong[] expected = new ulong[4];
        RunstateKind state = RunstateKind.Offline;
        for (int i = 0; i < 200; i++)
        {
            ulong passed = (ulong)random.Next(1000);
            _host.Machine.Tsc += passed;
            expected[(int)state] += passed;
            state = (RunstateKind)random.Next(4);
            runstate.Enter(state, _host.Machine.Tsc);
        }

        _host.Machine.Tsc += 17;
        expected[(int)state] += 17;
        Assert.That(_host.Call(0, VcpuOp, is32, 4, 0, Argument), Is.Zero);
        Span<byte> info = _host.Page(0, 16)[..Runstate.Size];
        int at = is32 ? 4 : 8;
        Assert.That(info[0], Is.EqualTo((byte)state));
        Assert.That(MemoryMarshal.Cast<byte, ulong>(info.Slice(at + 8, 32)).ToArray(), Is.EqualTo(expected));
        Assert.That(MemoryMarshal.Read<ulong>(info[at..]), Is.EqualTo(_host.Kernel.Clock.Now() - 17));
    }

    [Test]
    public void TheGuestsCopyIsWrittenWithTheFlagCleared()
    {
        const ulong area = 0x20040;
        MemoryMarshal.Write(_host.Page(0, 16), area);
        Assert.That(_host.Call(0, VcpuOp, 5, 0, Argument), Is.Zero);
        Assert.That(_host.Call(0, 21, 0, 5), Is.Zero, "VMASST_TYPE_runstate_update_flag");
        _host.Machine.Tsc += 1000;
        _host.Vcpu(0).Runstate.Enter(RunstateKind.Running, _host.Machine.Tsc);
        _host.Vcpu(0).Runstate.Publish();
        Span<byte> copy = _host.Page(0, 0x20)[0x40..];
        Assert.That(MemoryMarshal.Read<int>(copy), Is.EqualTo((int)RunstateKind.Running));
        Assert.That(MemoryMarshal.Read<ulong>(copy[8..]), Is.EqualTo(_host.Kernel.Clock.Now()));
    }

    private void Pass(ulong ticks)
    {
        _host.Machine.Tsc += ticks;
        _host.Kernel.Cpus[0].Timers.Expire();
    }

    private bool Fired()
    {
        bool pending = _guest.IsPending(_port);
        _guest.Clear(_port);
        return pending;
    }

    private void Write(ulong value, uint flags)
    {
        MemoryMarshal.Write(_host.Page(0, 16), value);
        MemoryMarshal.Write(_host.Page(0, 16)[8..], flags);
    }

    private void Poll(ulong timeout, params uint[] ports)
    {
        ports.CopyTo(MemoryMarshal.Cast<byte, uint>(_host.Page(0, 16)[64..]));
        Assert.That(PollResult((uint)ports.Length, Argument + 64, timeout), Is.Zero);
    }

    private long PollResult(uint count, ulong ports, ulong timeout)
    {
        MemoryMarshal.Write(_host.Page(0, 16), ports);
        MemoryMarshal.Write(_host.Page(0, 16)[8..], (ulong)count);
        MemoryMarshal.Write(_host.Page(0, 16)[16..], timeout);
        return _host.Call(0, SchedOp, 3, Argument);
    }

    private long Watchdog(uint id, uint seconds)
    {
        MemoryMarshal.Write(_host.Page(0, 16), id | ((ulong)seconds << 32));
        return _host.Call(0, SchedOp, 6, Argument);
    }
}
