using Microkernel.Platform.Svm;
using NUnit.Framework;

namespace Microkernel.Platform.Tests.Svm;

public sealed class SvmEventTests
{
    private const ulong SoftwareInterrupt = 1UL << 31 | 4UL << 8 | 0x80;

    [Test]
    public void EventsHaveTheFormatOfTheManual()
    {
        Assert.That(SvmEvent.Interrupt(0x31), Is.EqualTo(0x8000_0031));
        Assert.That(SvmEvent.Nmi, Is.EqualTo(0x8000_0202));
        Assert.That(SvmEvent.Exception(6), Is.EqualTo(0x8000_0306));
        Assert.That(SvmEvent.Exception(13, 0x10), Is.EqualTo(0x0000_0010_8000_0B0D));
    }

    [Test]
    public void InterruptedEventsAreDeliveredAgain()
    {
        ulong[] events = [SvmEvent.Interrupt(0xF3), SvmEvent.Nmi, SvmEvent.Exception(14, 2), SvmEvent.Exception(6)];
        foreach (ulong value in events)
        {
            Assert.That(SvmEvent.Redeliver(value), Is.EqualTo(value));
        }
    }

    [Test]
    public void InstructionsThatRaiseEventsExecuteAgainInstead()
    {
        Assert.That(SvmEvent.Redeliver(SoftwareInterrupt), Is.Zero);
        Assert.That(SvmEvent.Redeliver(SvmEvent.Exception(3)), Is.Zero);
        Assert.That(SvmEvent.Redeliver(SvmEvent.Exception(4)), Is.Zero);
        Assert.That(SvmEvent.Redeliver(SvmEvent.Interrupt(3)), Is.Not.Zero, "an external interrupt may have vector 3");
        Assert.That(SvmEvent.Redeliver(0x0000_0306), Is.Zero, "not valid");
    }

    [TestCase(13, 13, ExpectedResult = 8)]
    [TestCase(14, 14, ExpectedResult = 8)]
    [TestCase(14, 11, ExpectedResult = 8)]
    [TestCase(13, 14, ExpectedResult = 14)]
    [TestCase(13, 6, ExpectedResult = 6)]
    [TestCase(6, 13, ExpectedResult = 13)]
    public int SecondExceptionFollowsTheTableOfDoubleFaults(byte pending, byte raised) =>
        (byte)SvmEvent.Combine(SvmEvent.Exception(pending, 0), SvmEvent.Exception(raised, 0));

    [Test]
    public void ExceptionReplacesAnInterrupt() =>
        Assert.That(SvmEvent.Combine(SvmEvent.Interrupt(13), SvmEvent.Exception(13, 0)), Is.EqualTo(SvmEvent.Exception(13, 0)));
}
