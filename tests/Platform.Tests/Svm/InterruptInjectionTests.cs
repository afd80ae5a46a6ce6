using Microkernel.Platform.Svm;
using NUnit.Framework;

namespace Microkernel.Platform.Tests.Svm;

public sealed class InterruptInjectionTests
{
    private const VirtualInterrupt Request = VirtualInterrupt.Pending | VirtualInterrupt.IgnorePriority;
    private VmcbControl _control;

    [SetUp]
    public void SetUp() => _control = new VmcbControl { Clean = VmcbClean.All, VirtualInterrupt = VirtualInterrupt.Masking };

    [Test]
    public void AChosenInterruptIsAVirtualOneAndHoldsOthersBack()
    {
        InterruptInjection.Choose(ref _control, 0x20);
        Assert.That(_control.VirtualInterrupt, Is.EqualTo(VirtualInterrupt.Masking | Request));
        Assert.That(_control.VirtualInterruptVector, Is.EqualTo(0x20));
        Assert.That(_control.Intercepts1, Is.EqualTo(default(Intercepts1)));
        Assert.That(_control.EventInjection, Is.Zero);
        Assert.That(_control.Clean.HasFlag(VmcbClean.VirtualInterrupt), Is.False);
        Assert.That(InterruptInjection.IsHeldBack(in _control), Is.True);
    }

    [Test]
    public void ADeliveredInterruptHoldsNothingBack()
    {
        InterruptInjection.Choose(ref _control, 0x20);
        DeliverAsTheCpuDoes();
        Assert.That(InterruptInjection.IsHeldBack(in _control), Is.False);
    }

    [Test]
    public void AWindowBesideAChosenInterruptLeavesItToTheEventInjection()
    {
        InterruptInjection.Choose(ref _control, 0x31);
        InterruptInjection.SetWindow(ref _control, true);
        Assert.That(_control.EventInjection, Is.EqualTo(SvmEvent.Interrupt(0x31)));
        Assert.That(_control.Intercepts1, Is.EqualTo(Intercepts1.VirtualInterrupt));
        Assert.That(_control.VirtualInterrupt, Is.EqualTo(VirtualInterrupt.Masking | Request));
    }

    [Test]
    public void AWindowAloneInjectsNothingAndClosesWithoutATrace()
    {
        InterruptInjection.SetWindow(ref _control, true);
        Assert.That(_control.EventInjection, Is.Zero);
        Assert.That(InterruptInjection.IsHeldBack(in _control), Is.False, "the window's own request is no chosen interrupt");
        InterruptInjection.SetWindow(ref _control, false);
        Assert.That(_control.VirtualInterrupt, Is.EqualTo(VirtualInterrupt.Masking));
        Assert.That(_control.Intercepts1, Is.EqualTo(default(Intercepts1)));
        Assert.That(_control.EventInjection, Is.Zero);
    }

    [Test]
    public void ChoosingClosesTheWindow()
    {
        InterruptInjection.SetWindow(ref _control, true);
        InterruptInjection.Choose(ref _control, 0x42);
        Assert.That(_control.Intercepts1, Is.EqualTo(default(Intercepts1)));
        Assert.That(_control.VirtualInterrupt.HasFlag(VirtualInterrupt.Pending), Is.True);
        Assert.That(_control.EventInjection, Is.Zero);
    }

    [TestCase(true, Description = "QEMU notes it as an exception, and still as pending")]
    [TestCase(false, Description = "a CPU notes that it has taken it")]
    public void AnInterruptWhoseDeliveryWasInterruptedIsDeliveredOnce(bool isStillPending)
    {
        InterruptInjection.Choose(ref _control, 0x42);
        _control.ExitInterruptInfo = isStillPending ? SvmEvent.Exception(0x42) : SvmEvent.Interrupt(0x42);
        if (!isStillPending)
        {
            DeliverAsTheCpuDoes();
        }

        InterruptInjection.Redeliver(ref _control);
        Assert.That(_control.EventInjection, Is.EqualTo(isStillPending ? 0 : SvmEvent.Interrupt(0x42)));
        Assert.That(_control.VirtualInterrupt.HasFlag(VirtualInterrupt.Pending), Is.EqualTo(isStillPending));
    }

    [Test]
    public void AnExitBeforeTheDeliveryKeepsTheInterruptChosen()
    {
        InterruptInjection.Choose(ref _control, 0x42);
        InterruptInjection.Redeliver(ref _control);
        Assert.That(_control.VirtualInterrupt.HasFlag(VirtualInterrupt.Pending), Is.True);
        Assert.That(_control.EventInjection, Is.Zero);
    }

    [Test]
    public void InterruptedDeliveryKeepsAnOpenWindow()
    {
        InterruptInjection.SetWindow(ref _control, true);
        _control.ExitInterruptInfo = SvmEvent.Exception(14, 2);
        InterruptInjection.Redeliver(ref _control);
        Assert.That(_control.EventInjection, Is.EqualTo(SvmEvent.Exception(14, 2)));
        Assert.That(_control.VirtualInterrupt.HasFlag(VirtualInterrupt.Pending), Is.True);
    }

    private void DeliverAsTheCpuDoes() => _control.VirtualInterrupt &= ~VirtualInterrupt.Pending;
}
