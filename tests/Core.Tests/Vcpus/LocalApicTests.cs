using System;
using System.Collections.Generic;
using System.Linq;
using Microkernel.Core.Dispatch;
using Microkernel.Core.Tests.Fakes;
using Microkernel.Core.Vcpus;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Vcpus;

public sealed class LocalApicTests
{
    private const uint X2Base = 0x800;
    private const uint ApicBaseMsr = 0x1B;

    private TestHost _host = null!;

    [SetUp]
    public void Start()
    {
        _host = new TestHost(1, vcpus: 4);
        for (int i = 0; i < 4; i++)
        {
            _host.Vcpu(0, i).IsInitialised = true;
            SetMode(i, ApicMode.X2Apic);
            Write(i, ApicRegister.SpuriousVector, 0x1FF);
        }
    }

    [Test]
    public void It_starts_in_xapic_mode_switched_off_by_software()
    {
        LocalApic apic = new TestHost(1, vcpus: 2).Vcpu(0, 1).Apic;
        apic.Reset();
        Assert.That(apic.Base, Is.EqualTo(0xFEE0_0800));
        Assert.That(apic.Mode, Is.EqualTo(ApicMode.XApic));
        Assert.That(apic.IsEnabled, Is.False);
        Assert.That(ApicPage.Read(apic, 0x20), Is.EqualTo(2u << 24));
        Assert.That(ApicPage.Read(apic, 0x30), Is.EqualTo(0x50014));
        Assert.That(ApicPage.Read(apic, 0x350), Is.EqualTo(0x10000));
    }

    [TestCase(ApicMode.XApic, ApicMode.X2Apic, true)]
    [TestCase(ApicMode.XApic, ApicMode.Disabled, true)]
    [TestCase(ApicMode.X2Apic, ApicMode.Disabled, true)]
    [TestCase(ApicMode.X2Apic, ApicMode.XApic, false)]
    [TestCase(ApicMode.Disabled, ApicMode.XApic, true)]
    [TestCase(ApicMode.Disabled, ApicMode.X2Apic, false)]
    public void Modes_change_on_the_ways_the_manual_allows(ApicMode from, ApicMode to, bool allowed)
    {
        _host.Vcpu(0).Apic.Reset();
        if (from != ApicMode.XApic)
        {
            SetMode(0, from);
        }

        Assert.That(MsrPolicy.TryWrite(_host.Vcpu(0), ApicBaseMsr, BaseFor(to)), Is.EqualTo(allowed));
        Assert.That(_host.Vcpu(0).Apic.Mode, Is.EqualTo(allowed ? to : from));
    }

    [Test]
    public void Reserved_bits_of_the_base_are_refused()
    {
        Assert.That(MsrPolicy.TryWrite(_host.Vcpu(0), ApicBaseMsr, BaseFor(ApicMode.X2Apic) | 1), Is.False);
        Assert.That(MsrPolicy.TryWrite(_host.Vcpu(0), ApicBaseMsr, 0xFEE0_0400), Is.False, "x2APIC without enable");
        Assert.That(MsrPolicy.TryWrite(_host.Vcpu(0), ApicBaseMsr, BaseFor(ApicMode.X2Apic) | (1UL << 48)), Is.False);
    }

    [Test]
    public void Interrupts_are_taken_in_the_order_of_their_priority()
    {
        LocalApic apic = _host.Vcpu(0).Apic;
        apic.Post(0x41);
        apic.Post(0x93);
        apic.Post(0x45);
        Assert.That(TakeAll(apic), Is.EqualTo(new[] { 0x93 }), "the others have to wait for its end");
        Write(0, ApicRegister.EndOfInterrupt, 0);
        Assert.That(TakeAll(apic), Is.EqualTo(new[] { 0x45 }), "same class: 41 waits");
        Write(0, ApicRegister.EndOfInterrupt, 0);
        Assert.That(TakeAll(apic), Is.EqualTo(new[] { 0x41 }));
        Write(0, ApicRegister.EndOfInterrupt, 0);
        Assert.That(apic.ProcessorPriority, Is.Zero);
    }

    [Test]
    public void It_does_what_a_naive_model_does()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            CompareWithModel(new Random(seed));
        }
    }

    [TestCase(2u, new[] { 1 })]
    [TestCase(0xFFFF_FFFFu, new[] { 0, 1, 2, 3 })]
    [TestCase(3u, new int[0], Description = "odd ids belong to nobody")]
    [TestCase(8u, new int[0])]
    public void Physical_destinations(uint destination, int[] receivers) =>
        Assert.That(ReceiversOf(destination, 0x55), Is.EqualTo(receivers));

    [TestCase(0x0000_0001u, new[] { 0 })]
    [TestCase(0x0000_0050u, new[] { 2, 3 })]
    [TestCase(0x0001_0001u, new int[0], Description = "another cluster")]
    [TestCase(0xFFFF_FFFFu, new[] { 0, 1, 2, 3 })]
    public void Logical_destinations(uint destination, int[] receivers) =>
        Assert.That(ReceiversOf(destination, 0x855), Is.EqualTo(receivers));

    [TestCase(1u, new[] { 1 })]
    [TestCase(2u, new[] { 0, 1, 2, 3 })]
    [TestCase(3u, new[] { 0, 2, 3 })]
    public void Shorthands(uint shorthand, int[] receivers) =>
        Assert.That(ReceiversOf(0, (shorthand << 18) | 0x55, sender: 1), Is.EqualTo(receivers));

    [Test]
    public void Lowest_priority_goes_to_one() =>
        Assert.That(ReceiversOf(0x0000_0050u, 0x955), Is.EqualTo(new[] { 2 }));

    [TestCase(0xFFFF_FFFFu, 0x0F00_0000u, 0x02u, new[] { 1, 3 }, Description = "flat")]
    [TestCase(0x0FFF_FFFFu, 0x1200_0000u, 0x12u, new[] { 1, 3 }, Description = "cluster")]
    [TestCase(0x0FFF_FFFFu, 0x1200_0000u, 0x22u, new int[0], Description = "another cluster")]
    public void Logical_destinations_in_xapic_mode(uint format, uint logical, uint destination, int[] receivers)
    {
        for (int i = 0; i < 4; i++)
        {
            LocalApic apic = _host.Vcpu(0, i).Apic;
            apic.Reset();
            ApicPage.Write(apic, 0xE0, 4, format);
            ApicPage.Write(apic, 0xD0, 4, i % 2 == 1 ? logical : 0x3000_0000);
            ApicPage.Write(apic, 0xF0, 4, 0x1FF);
        }

        if (format == 0xFFFF_FFFF)
        {
            ApicPage.Write(_host.Vcpu(0, 0).Apic, 0xD0, 4, 0x0100_0000);
            ApicPage.Write(_host.Vcpu(0, 2).Apic, 0xD0, 4, 0x0100_0000);
        }

        ApicPage.Write(_host.Vcpu(0).Apic, 0x310, 4, destination << 24);
        ApicPage.Write(_host.Vcpu(0).Apic, 0x300, 4, 0x855);
        Assert.That(Receivers(0x55), Is.EqualTo(receivers));
    }

    [Test]
    public void An_apic_that_is_switched_off_gets_nothing()
    {
        SetMode(2, ApicMode.Disabled);
        Write(3, ApicRegister.SpuriousVector, 0xFF);
        Assert.That(ReceiversOf(0xFFFF_FFFF, 0x55), Is.EqualTo(new[] { 0, 1 }));
    }

    [Test]
    public void An_illegal_vector_is_an_error()
    {
        Write(0, ApicRegister.LvtError, 0x77);
        Assert.That(ReceiversOf(2, 0x0F), Is.Empty);
        Assert.That(TakeAll(_host.Vcpu(0).Apic), Is.EqualTo(new[] { 0x77 }));
        Assert.That(Read(0, ApicRegister.ErrorStatus), Is.Zero, "before it is latched");
        Write(0, ApicRegister.ErrorStatus, 0);
        Assert.That(Read(0, ApicRegister.ErrorStatus), Is.EqualTo(LocalApic.SendIllegalVector));
        Write(0, ApicRegister.ErrorStatus, 0);
        Assert.That(Read(0, ApicRegister.ErrorStatus), Is.Zero);
    }

    [Test]
    public void An_nmi_is_pending_work() =>
        Assert.That(SendAndTakeNmi(), Is.EqualTo(PendingWork.Nmi));

    [Test]
    public void Reserved_bits_and_missing_registers_are_refused_in_x2apic_mode()
    {
        Assert.That(MsrPolicy.TryWrite(_host.Vcpu(0), X2Base + ApicRegister.TaskPriority, 0x100), Is.False);
        Assert.That(MsrPolicy.TryWrite(_host.Vcpu(0), X2Base + ApicRegister.TaskPriority, 1UL << 32), Is.False);
        Assert.That(MsrPolicy.TryWrite(_host.Vcpu(0), X2Base + ApicRegister.EndOfInterrupt, 1), Is.False);
        Assert.That(MsrPolicy.TryWrite(_host.Vcpu(0), X2Base + ApicRegister.Id, 0), Is.False);
        Assert.That(MsrPolicy.TryWrite(_host.Vcpu(0), X2Base + ApicRegister.InterruptCommand, 0x2055), Is.False);
        Assert.That(MsrPolicy.TryWrite(_host.Vcpu(0), X2Base + ApicRegister.DestinationFormat, 0), Is.False);
        Assert.That(MsrPolicy.TryRead(_host.Vcpu(0), X2Base + ApicRegister.EndOfInterrupt, out _), Is.False);
        Assert.That(MsrPolicy.TryRead(_host.Vcpu(0), X2Base + ApicRegister.InterruptCommandHigh, out _), Is.False);
        Assert.That(MsrPolicy.TryRead(_host.Vcpu(0), X2Base + 0x40, out _), Is.False);
        Assert.That(MsrPolicy.TryRead(_host.Vcpu(0), X2Base + ApicRegister.InterruptCommand, out ulong command), Is.True);
        Assert.That(command, Is.Zero);
    }

    [Test]
    public void The_registers_are_no_msrs_in_xapic_mode()
    {
        _host.Vcpu(0).Apic.Reset();
        Assert.That(MsrPolicy.TryRead(_host.Vcpu(0), X2Base + ApicRegister.Id, out _), Is.False);
        Assert.That(MsrPolicy.TryWrite(_host.Vcpu(0), X2Base + ApicRegister.TaskPriority, 0), Is.False);
    }

    [Test]
    public void Any_access_to_any_register_has_an_outcome()
    {
        Random random = new(3);
        foreach (ApicMode mode in (ApicMode[])[ApicMode.XApic, ApicMode.X2Apic])
        {
            LocalApic apic = _host.Vcpu(0).Apic;
            apic.Reset();
            SetMode(0, mode);
            for (int i = 0; i < 100_000; i++)
            {
                uint msr = X2Base + (uint)random.Next(0x100);
                MsrPolicy.TryWrite(_host.Vcpu(0), msr, (ulong)random.NextInt64() >> random.Next(64));
                MsrPolicy.TryRead(_host.Vcpu(0), msr, out _);
                ApicPage.Write(apic, random.Next(4096), 1 << random.Next(4), (uint)random.Next());
                ApicPage.Read(apic, random.Next(4096));
            }
        }
    }

    [Test]
    public void The_oneshot_timer_fires_once_after_its_count()
    {
        StartTimer(entry: 0x60, divide: 0xB, count: 1000);
        _host.Machine.Tsc += 4000;
        Assert.That(Read(0, ApicRegister.CurrentCount), Is.EqualTo(600).Within(1));
        ExpireAt(10_000);
        Assert.That(TakeAll(_host.Vcpu(0).Apic), Is.Empty, "10,000 ns are 1000 counts: not over yet");
        ExpireAt(10_100);
        Assert.That(TakeAll(_host.Vcpu(0).Apic), Is.EqualTo(new[] { 0x60 }));
        Assert.That(Read(0, ApicRegister.CurrentCount), Is.Zero);
        Assert.That(_host.Kernel.Cpus[0].Timers.NextDeadline, Is.EqualTo(ulong.MaxValue));
    }

    [Test]
    public void A_count_that_has_come_to_its_end_does_not_begin_again_with_another_divider()
    {
        StartTimer(entry: 0x60, divide: 0xB, count: 1000);
        Write(0, ApicRegister.DivideConfiguration, 0x3);
        Assert.That(_host.Kernel.Cpus[0].Timers.NextDeadline, Is.Not.EqualTo(ulong.MaxValue), "it still counted");
        _host.Machine.Tsc = _host.Kernel.Cpus[0].Timers.NextDeadline;
        _host.Kernel.Cpus[0].Timers.Expire();
        Write(0, ApicRegister.DivideConfiguration, 0xB);
        Assert.That(_host.Kernel.Cpus[0].Timers.NextDeadline, Is.EqualTo(ulong.MaxValue));
    }

    [TestCase(0x0u, 2)]
    [TestCase(0x1u, 4)]
    [TestCase(0x3u, 16)]
    [TestCase(0x8u, 32)]
    [TestCase(0xAu, 128)]
    [TestCase(0xBu, 1)]
    public void The_divider_divides(uint code, int divider)
    {
        StartTimer(0x60, code, 100_000);
        Assert.That(_host.Kernel.Cpus[0].Timers.NextDeadline, Is.EqualTo(1_000_000UL * (ulong)divider).Within(2));
    }

    [Test]
    public void The_periodic_timer_goes_on_and_a_missed_period_is_not_made_up()
    {
        StartTimer(0x2_0060, 0xB, 100_000);
        for (ulong period = 1; period <= 3; period++)
        {
            ExpireAt((period * 1_000_000) + 10);
            InterruptDelivery.Prepare(_host.Vcpu(0));
            Assert.That(_host.Hardware(0).Injected.Count, Is.EqualTo((int)period));
            Write(0, ApicRegister.EndOfInterrupt, 0);
        }

        ExpireAt(7_500_000);
        InterruptDelivery.Prepare(_host.Vcpu(0));
        Assert.That(_host.Hardware(0).Injected.Count, Is.EqualTo(4));
        Assert.That(_host.Kernel.Cpus[0].Timers.NextDeadline, Is.EqualTo(8_000_000).Within(10));
    }

    [Test]
    public void The_guest_goes_on_after_the_cpus_timer_is_set_for_the_next_period()
    {
        int runs = 0;
        _host.Hardware(0).OnRun = () => runs++;
        StartTimer(0x2_0060, 0xB, 100_000);
        ExpireAt(1_000_010);
        PhysicalCpu cpu = _host.Kernel.Cpus[0];
        cpu.Timers.HasChanged = false;
        VcpuRunner.RunOnce(cpu, _host.Vcpu(0));
        Assert.That(cpu.Timers.HasChanged, Is.True);
        Assert.That(runs, Is.Zero);
        cpu.Timers.HasChanged = false;
        VcpuRunner.RunOnce(cpu, _host.Vcpu(0));
        Assert.That(runs, Is.EqualTo(1));
        Assert.That(_host.Hardware(0).Injected, Is.EqualTo(new byte[] { 0x60 }));
    }

    [Test]
    public void A_masked_timer_counts_but_stays_silent()
    {
        StartTimer(0x1_0060, 0xB, 100);
        ExpireAt(10_000_000);
        Assert.That(TakeAll(_host.Vcpu(0).Apic), Is.Empty);
    }

    [Test]
    public void The_deadline_is_a_value_of_the_guests_counter()
    {
        _host.Machine.Tsc = 5_000_000;
        _host.Hardware(0).TscOffset = unchecked(0UL - 4_000_000);
        Write(0, ApicRegister.LvtTimer, 0x4_0060);
        Write(0, ApicRegister.InitialCount, 50);
        Assert.That(_host.Kernel.Cpus[0].Timers.NextDeadline, Is.EqualTo(ulong.MaxValue), "the count is not used");
        Assert.That(MsrPolicy.TryWrite(_host.Vcpu(0), 0x6E0, 1_500_000), Is.True);
        Assert.That(_host.Kernel.Cpus[0].Timers.NextDeadline, Is.EqualTo(5_500_000));
        Assert.That(MsrPolicy.TryRead(_host.Vcpu(0), 0x6E0, out ulong deadline), Is.True);
        Assert.That(deadline, Is.EqualTo(1_500_000));
        ExpireAt(5_500_000);
        Assert.That(TakeAll(_host.Vcpu(0).Apic), Is.EqualTo(new[] { 0x60 }));
        MsrPolicy.TryRead(_host.Vcpu(0), 0x6E0, out deadline);
        Assert.That(deadline, Is.Zero);
    }

    private static ulong BaseFor(ApicMode mode) => 0xFEE0_0000 | mode switch
    {
        ApicMode.X2Apic => 0xC00UL,
        ApicMode.XApic => 0x800UL,
        _ => 0UL,
    };

    private static int[] TakeAll(LocalApic apic)
    {
        List<int> taken = [];
        while (apic.NextVector >= 0)
        {
            taken.Add(apic.NextVector);
            apic.Accept((byte)apic.NextVector);
        }

        return [.. taken];
    }

    private void SetMode(int vcpu, ApicMode mode) =>
        Assert.That(MsrPolicy.TryWrite(_host.Vcpu(0, vcpu), ApicBaseMsr, BaseFor(mode)), Is.True);

    private void Write(int vcpu, int register, uint value) =>
        Assert.That(MsrPolicy.TryWrite(_host.Vcpu(0, vcpu), X2Base + (uint)register, value), Is.True);

    private uint Read(int vcpu, int register)
    {
        Assert.That(MsrPolicy.TryRead(_host.Vcpu(0, vcpu), X2Base + (uint)register, out ulong value), Is.True);
        return (uint)value;
    }

    private int[] ReceiversOf(uint destination, uint command, int sender = 0)
    {
        ulong value = ((ulong)destination << 32) | command;
        Assert.That(MsrPolicy.TryWrite(_host.Vcpu(0, sender), X2Base + ApicRegister.InterruptCommand, value), Is.True);
        MsrPolicy.TryRead(_host.Vcpu(0, sender), X2Base + ApicRegister.InterruptCommand, out ulong back);
        Assert.That(back, Is.EqualTo(value));
        return Receivers((byte)command);
    }

    private int[] Receivers(int vector) =>
        [.. Enumerable.Range(0, 4).Where(i => (_host.Vcpu(0, i).Apic.Requests(vector >> 5) >> vector & 1) != 0)];

    private PendingWork SendAndTakeNmi()
    {
        ReceiversOf(4, 0x400);
        return _host.Vcpu(0, 2).Take(PendingWork.Nmi);
    }

    private void StartTimer(uint entry, uint divide, uint count)
    {
        Write(0, ApicRegister.LvtTimer, entry);
        Write(0, ApicRegister.DivideConfiguration, divide);
        Write(0, ApicRegister.InitialCount, count);
    }

    private void ExpireAt(ulong tsc)
    {
        _host.Machine.Tsc = tsc;
        _host.Kernel.Cpus[0].Timers.Expire();
    }

    // The model keeps sorted lists and applies the manual's rules one by one.
    private void CompareWithModel(Random random)
    {
        LocalApic apic = _host.Vcpu(0).Apic;
        apic.ResetRegisters();
        Write(0, ApicRegister.SpuriousVector, 0x1FF);
        SortedSet<int> requested = [];
        SortedSet<int> serving = [];
        int task = 0;
        for (int step = 0; step < 200; step++)
        {
            switch (random.Next(4))
            {
                case 0:
                    byte vector = (byte)random.Next(16, 256);
                    apic.Post(vector);
                    requested.Add(vector);
                    break;
                case 1:
                    task = random.Next(256);
                    Write(0, ApicRegister.TaskPriority, (uint)task);
                    break;
                case 2:
                    Write(0, ApicRegister.EndOfInterrupt, 0);
                    serving.Remove(serving.Max);
                    break;
            }

            int floor = Math.Max(task / 16, serving.Max / 16);
            int next = requested.Count != 0 && requested.Max / 16 > floor ? requested.Max : -1;
            Assert.That(apic.NextVector, Is.EqualTo(next));
            Assert.That(Read(0, ApicRegister.ProcessorPriority) / 16, Is.EqualTo((uint)floor));
            if (next >= 0 && random.Next(2) == 0)
            {
                apic.Accept((byte)next);
                requested.Remove(next);
                serving.Add(next);
            }

            for (int word = 0; word < 8; word++)
            {
                Assert.That(Read(0, ApicRegister.InterruptRequest + word), Is.EqualTo(WordOf(requested, word)));
                Assert.That(Read(0, ApicRegister.InService + word), Is.EqualTo(WordOf(serving, word)));
            }
        }
    }

    private static uint WordOf(IEnumerable<int> vectors, int word) =>
        vectors.Where(vector => vector / 32 == word).Aggregate(0u, (sum, vector) => sum | (1u << (vector % 32)));
}
