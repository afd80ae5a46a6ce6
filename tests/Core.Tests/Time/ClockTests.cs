using System;
using System.Runtime.InteropServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Events;
using Microkernel.Core.Memory;
using Microkernel.Core.Tests.Fakes;
using Microkernel.Core.Time;
using Microkernel.Core.Vcpus;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Time;

public sealed class ClockTests
{
    private static readonly ulong[] Frequencies = [99_000_000, 1_000_000_000, 2_596_148_482, 4_000_000_000, 5_700_000_001];

    [TestCaseSource(nameof(Frequencies))]
    public void ATimerNeverFiresEarly(ulong frequency)
    {
        FakeMachine machine = new() { Frequency = frequency, Tsc = 12345 };
        Clock clock = new(machine);
        Random random = new(1);
        for (int i = 0; i < 10000; i++)
        {
            ulong time = (ulong)random.NextInt64(1000, 1L << random.Next(11, 60));
            ulong tsc = clock.TscAt(time);
            Assert.That(clock.At(tsc), Is.InRange(time, time + 50));
        }
    }

    [TestCaseSource(nameof(Frequencies))]
    public void TheGuestReadsTheCoresTime(ulong frequency)
    {
        FakeMachine machine = new() { Frequency = frequency, Tsc = 777 };
        Clock clock = new(machine);
        Random random = new(2);
        for (int i = 0; i < 1000; i++)
        {
            ulong tsc = 777 + (ulong)random.NextInt64(1L << 50);
            ulong zero = clock.WholeBefore((tsc / 2) + 777);
            ulong later = tsc + zero;
            ulong guest = clock.At(zero) + Scale(later - zero, clock.Multiplier, clock.Shift);
            Assert.That(guest, Is.EqualTo(clock.At(later)));
        }
    }

    [Test]
    public void EveryVcpuGetsTheSameClock()
    {
        TestHost host = new(domains: 1, vcpus: 2);
        host.Machine.Tsc = 5_000_000_000;
        host.Domain(0).StartTsc = host.Kernel.Clock.WholeBefore(host.Machine.Tsc);
        foreach (Vcpu vcpu in host.Domain(0).Vcpus)
        {
            vcpu.Hardware.TscOffset = 0 - host.Domain(0).StartTsc;
        }

        PvClock.Start(host.Domain(0));
        host.Machine.Tsc += 123_456;
        PvClock.Publish(host.Vcpu(0, 1));
        Span<byte> shared = host.Machine.Frames[host.Domain(0).SharedInfoMfn];
        Span<byte> first = shared.Slice(SharedInfoAbi.VcpuTime, SharedInfoAbi.VcpuTimeSize);
        Span<byte> second = shared.Slice(SharedInfoAbi.VcpuInfoSize + SharedInfoAbi.VcpuTime, SharedInfoAbi.VcpuTimeSize);
        Assert.That(MemoryMarshal.Read<uint>(first), Is.EqualTo(2));
        Assert.That(MemoryMarshal.Read<uint>(second), Is.EqualTo(4), "a version for each writing");
        Assert.That(first[4..].SequenceEqual(second[4..]));
        Assert.That(first[29] & 1, Is.EqualTo(1), "TSC_STABLE");
        ulong guestTsc = host.Machine.Tsc + host.Vcpu(0).Hardware.TscOffset;
        Assert.That(ReadClock(first, guestTsc), Is.EqualTo(host.Kernel.Clock.Now()));
    }

    [Test]
    public void TheClockFollowsTheGuestsCounter()
    {
        TestHost host = new(domains: 1);
        host.Vcpu(0).Hardware.TscOffset = 1_000_000;
        PvClock.Publish(host.Vcpu(0));
        Span<byte> time = host.Machine.Frames[host.Domain(0).SharedInfoMfn].Slice(SharedInfoAbi.VcpuTime);
        host.Machine.Tsc += 5000;
        Assert.That(ReadClock(time, host.Machine.Tsc + 1_000_000), Is.EqualTo(host.Kernel.Clock.Now()));
    }

    [Test]
    public void TheSecondCopyIsWhereTheGuestWantsIt()
    {
        TestHost host = new(domains: 1);
        MemoryMarshal.Write(host.Page(0, 16), 0x20100UL);
        Assert.That(host.Call(0, 24, 13, 0, 16 << 12), Is.Zero);
        Assert.That(MemoryMarshal.Read<uint>(host.Page(0, 0x20)[0x100..]), Is.EqualTo(2));
        Assert.That(ReadClock(host.Page(0, 0x20)[0x100..], host.Machine.Tsc), Is.EqualTo(host.Kernel.Clock.Now()));
        MemoryMarshal.Write(host.Page(0, 16), 1UL << 40);
        Assert.That(host.Call(0, 24, 13, 0, 16 << 12), Is.Zero, "an address that does not work is accepted");
    }

    [Test]
    public void WallClockInBothLayouts([Values] bool narrow)
    {
        TestHost host = new(domains: 1);
        host.Machine.Tsc = 3_500_000_000;
        host.Machine.WallClock = ((1UL << 33) * Clock.Second) + host.Kernel.Clock.Now() + 42;
        SharedInfo.Latch(host.Domain(0), !narrow);
        SharedInfo.Latch(host.Domain(0), narrow);
        Span<uint> words = MemoryMarshal.Cast<byte, uint>(host.Machine.Frames[host.Domain(0).SharedInfoMfn]);
        int at = SharedInfoAbi.WallClock(narrow) / 4;
        Assert.That(words[at] % 2, Is.Zero);
        Assert.That(words[at], Is.Not.Zero);
        Assert.That(words[at + 1], Is.Zero);
        Assert.That(words[SharedInfoAbi.WallClockHigh(narrow) / 4], Is.EqualTo(2));
        Assert.That(words[at + 2], Is.EqualTo(42));
    }

    private static ulong ReadClock(ReadOnlySpan<byte> time, ulong tsc) =>
        MemoryMarshal.Read<ulong>(time[16..])
        + Scale(tsc - MemoryMarshal.Read<ulong>(time[8..]), MemoryMarshal.Read<uint>(time[24..]), (sbyte)time[28]);

    // As the ABI describes it.
    private static ulong Scale(ulong delta, uint multiplier, sbyte shift) =>
        (ulong)(((UInt128)(shift < 0 ? delta >> -shift : delta << shift) * multiplier) >> 32);
}
