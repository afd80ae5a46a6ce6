using System.Collections.Generic;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Tests.Fakes;
using Microkernel.Core.Vcpus;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Vcpus;

public sealed class InterruptDeliveryTests
{
    private const byte Callback = 0xF3;

    private TestHost _host = null!;

    private Vcpu Vcpu => _host.Vcpu(0);

    private FakeVcpuHardware Hardware => _host.Hardware(0);

    [SetUp]
    public void Start()
    {
        _host = new TestHost(1, vcpus: 2);
        Vcpu.InfoMfn = _host.Domain(0).SharedInfoMfn;
        Vcpu.InfoOffset = 64;
        _host.Domain(0).Parameters.CallbackVector = Callback;
        ApicPage.Write(Vcpu.Apic, 0xF0, 4, 0x1FF);
        Vcpu.IsInitialised = true;
    }

    [Test]
    public void An_upcall_comes_by_the_callback_vector_while_its_byte_is_set()
    {
        SetUpcallPending(true);
        Vcpu.PostLocally(PendingWork.Upcall);
        InterruptDelivery.Prepare(Vcpu);
        Assert.That(Hardware.Injected, Is.EqualTo(new[] { Callback }));
        Assert.That(Vcpu.Pending, Is.EqualTo(PendingWork.None));
        Assert.That(Hardware.InterruptWindowRequested, Is.False);
    }

    [Test]
    public void An_upcall_whose_byte_was_cleared_does_not_come()
    {
        SetUpcallPending(false);
        Vcpu.PostLocally(PendingWork.Upcall);
        InterruptDelivery.Prepare(Vcpu);
        Assert.That(Hardware.Injected, Is.Empty);
        Assert.That(Vcpu.Pending, Is.EqualTo(PendingWork.None));
    }

    [Test]
    public void An_upcall_that_the_running_vcpu_raised_comes_without_a_look_unless_it_has_to_wait()
    {
        SetUpcallPending(false);
        _host.Kernel.Cpus[0].Current = Vcpu;
        Vcpu.RaiseUpcall();
        InterruptDelivery.Prepare(Vcpu);
        Assert.That(Hardware.Injected, Is.EqualTo(new[] { Callback }));
        Assert.That(Vcpu.Pending, Is.EqualTo(PendingWork.None));

        Hardware.Injected.Clear();
        Hardware.CanTakeInterruptValue = false;
        Vcpu.RaiseUpcall();
        InterruptDelivery.Prepare(Vcpu);
        Assert.That(Vcpu.Pending, Is.EqualTo(PendingWork.Upcall));
        Hardware.CanTakeInterruptValue = true;
        InterruptDelivery.Prepare(Vcpu);
        Assert.That(Hardware.Injected, Is.Empty, "the guest ran in between and has seen to it");
    }

    [Test]
    public void An_ended_domains_vcpu_leaves()
    {
        SetUpcallPending(true);
        Vcpu.PostLocally(PendingWork.Upcall);
        _host.Domain(0).Shutdown(ShutdownReason.Poweroff);
        InterruptDelivery.Prepare(Vcpu);
        Assert.That(Vcpu.WantsToLeave);
        Assert.That(Hardware.Injected, Is.Empty);
    }

    [Test]
    public void What_cannot_be_taken_waits_for_the_window()
    {
        SetUpcallPending(true);
        Hardware.CanTakeInterruptValue = false;
        Vcpu.PostLocally(PendingWork.Upcall);
        InterruptDelivery.Prepare(Vcpu);
        Assert.That(Hardware.Injected, Is.Empty);
        Assert.That(Hardware.InterruptWindowRequested, Is.True);
        Assert.That(Vcpu.Pending, Is.EqualTo(PendingWork.Upcall));
        Hardware.CanTakeInterruptValue = true;
        InterruptDelivery.Prepare(Vcpu);
        Assert.That(Hardware.Injected, Is.EqualTo(new[] { Callback }));
        Assert.That(Hardware.InterruptWindowRequested, Is.False);
    }

    [Test]
    public void Events_come_one_by_one_in_their_order()
    {
        SetUpcallPending(true);
        Vcpu.Apic.Post(0x41);
        Vcpu.Apic.Post(0x91);
        Vcpu.PostLocally(PendingWork.Upcall | PendingWork.Nmi);
        List<byte> seen = [];
        for (int i = 0; i < 4; i++)
        {
            InterruptDelivery.Prepare(Vcpu);
            Assert.That(Hardware.Injected, Has.Count.EqualTo(1));
            Assert.That(Hardware.InterruptWindowRequested, Is.EqualTo(i < 2), $"after {i} events");
            seen.AddRange(Hardware.Injected);
            Hardware.Injected.Clear();
            if (i == 2)
            {
                Assert.That(Vcpu.Pending, Is.EqualTo(PendingWork.None), "41 waits for the end of 91");
                ApicPage.Write(Vcpu.Apic, 0xB0, 4, 0);
            }
        }

        Assert.That(seen, Is.EqualTo(new byte[] { 2, Callback, 0x91, 0x41 }));
    }

    [Test]
    public void A_masked_nmi_waits_but_holds_up_nobody()
    {
        Hardware.CanTakeNmiValue = false;
        Vcpu.Apic.Post(0x41);
        Vcpu.PostLocally(PendingWork.Nmi);
        InterruptDelivery.Prepare(Vcpu);
        Assert.That(Hardware.Injected, Is.EqualTo(new byte[] { 0x41 }));
        Assert.That(Vcpu.Pending, Is.EqualTo(PendingWork.Nmi));
    }

    [Test]
    public void A_halted_vcpu_goes_on_with_an_interrupt_only()
    {
        Halt(interruptFlag: true);
        Assert.That(Vcpu.WantsBlock, Is.True);
        Vcpu.WantsBlock = false;
        Vcpu.PostLocally(PendingWork.Wake);
        InterruptDelivery.Prepare(Vcpu);
        Assert.That(Vcpu.WantsBlock, Is.True);
        Vcpu.WantsBlock = false;
        Vcpu.Apic.Post(0x41);
        InterruptDelivery.Prepare(Vcpu);
        Assert.That(Vcpu.WantsBlock, Is.False);
        Assert.That(Vcpu.IsHalted, Is.False);
        Assert.That(Hardware.Injected, Is.EqualTo(new byte[] { 0x41 }));
    }

    [Test]
    public void An_upcall_by_the_local_apic_waits_until_that_is_switched_on()
    {
        Vcpu.UpcallVector = 0x61;
        ApicPage.Write(Vcpu.Apic, 0xF0, 4, 0xFF);
        SetUpcallPending(true);
        Vcpu.RaiseUpcall();
        Assert.That(Vcpu.Apic.Requests(3), Is.Zero, "a request in an APIC that is off would trouble Linux");
        ApicPage.Write(Vcpu.Apic, 0xF0, 4, 0x1FF);
        InterruptDelivery.Prepare(Vcpu);
        Assert.That(Hardware.Injected, Is.EqualTo(new byte[] { 0x61 }));
        ApicPage.Write(Vcpu.Apic, 0xB0, 4, 0);
        Vcpu.RaiseUpcall();
        InterruptDelivery.Prepare(Vcpu);
        Assert.That(Hardware.Injected, Is.EqualTo(new byte[] { 0x61, 0x61 }));
    }

    [Test]
    public void An_interrupt_below_the_task_priority_does_not_end_a_halt()
    {
        ApicPage.Write(Vcpu.Apic, 0x80, 4, 0x50);
        Halt(interruptFlag: true);
        Vcpu.Apic.Post(0x41);
        InterruptDelivery.Prepare(Vcpu);
        Assert.That(Vcpu.WantsBlock, Is.True);
    }

    [Test]
    public void The_last_vcpu_that_halts_for_good_powers_the_domain_off()
    {
        _host.Vcpu(0, 1).State = VcpuState.Blocked;
        Halt(interruptFlag: false);
        Assert.That(Vcpu.WantsOffline, Is.True);
        Assert.That(_host.Domain(0).IsEnding, Is.False);
        _host.Vcpu(0, 1).State = VcpuState.Offline;
        Halt(interruptFlag: false);
        Assert.That(_host.Domain(0).IsEnding, Is.True);
        Assert.That(_host.Domain(0).EndReason, Is.EqualTo(ShutdownReason.Poweroff));
    }

    [Test]
    public void Init_takes_a_vcpu_offline_and_a_startup_ipi_starts_it()
    {
        Vcpu target = _host.Vcpu(0, 1);
        target.IsInitialised = true;
        ApicPage.Write(target.Apic, 0x80, 4, 0x50);
        target.Apic.Startup.SendInit();
        InterruptDelivery.Prepare(target);
        Assert.That(target.WantsOffline, Is.True);
        Assert.That(target.IsInitialised, Is.False);
        Assert.That(ApicPage.Read(target.Apic, 0x80), Is.Zero);
        target.WantsOffline = false;
        target.Apic.Startup.SendStart(0x9A);
        Assert.That(target.State, Is.EqualTo(VcpuState.Runnable));
        InterruptDelivery.Prepare(target);
        Assert.That(target.WantsOffline, Is.False);
        Assert.That(target.IsInitialised, Is.True);
        VcpuContext context = _host.Hardware(0, 1).Context;
        Assert.That(context.Cs.Base, Is.EqualTo(0x9_A000));
        Assert.That(context.Cs.Selector, Is.EqualTo(0x9A00));
        Assert.That(context.Registers.Rip, Is.Zero);
        Assert.That(context.Cr0 & 1, Is.Zero);
        Assert.That(context.Efer, Is.Zero);
    }

    [Test]
    public void Init_and_startup_that_arrive_together_are_both_obeyed()
    {
        Vcpu target = _host.Vcpu(0, 1);
        target.IsInitialised = true;
        target.Apic.Startup.SendInit();
        target.Apic.Startup.SendStart(0x10);
        target.Apic.Startup.SendStart(0x20);
        InterruptDelivery.Prepare(target);
        Assert.That(target.WantsOffline, Is.False);
        Assert.That(_host.Hardware(0, 1).Resets, Is.EqualTo(1));
        Assert.That(_host.Hardware(0, 1).Context.Cs.Base, Is.EqualTo(0x1_0000), "the second one comes too late");
    }

    [Test]
    public void A_running_vcpu_does_not_care_about_a_startup_ipi()
    {
        _host.Vcpu(0, 1).IsInitialised = true;
        _host.Vcpu(0, 1).Apic.Startup.SendStart(0x10);
        Assert.That(_host.Vcpu(0, 1).Pending, Is.EqualTo(PendingWork.None));
        Assert.That(_host.Vcpu(0, 1).State, Is.EqualTo(VcpuState.Offline));
    }

    private void Halt(bool interruptFlag)
    {
        Hardware.InterruptFlagValue = interruptFlag;
        VmExit exit = new() { Reason = ExitReason.Halt, InstructionLength = 1 };
        ExitHandler.Handle(Vcpu, ref exit);
    }

    private void SetUpcallPending(bool value) =>
        _host.Machine.Frames[_host.Domain(0).SharedInfoMfn][64] = value ? (byte)1 : (byte)0;
}
