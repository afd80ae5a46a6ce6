using System;
using System.Numerics;
using FsCheck.NUnit;
using Microkernel.Core.Tests.Fakes;
using Microkernel.Core.Time;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Time;

[TestFixture]
public sealed class ClockTests
{
    private static readonly ulong[] Frequencies =
        [1_000_000, 24_000_000, 999_999_999, 1_000_000_000, 1_000_000_001, 2_000_000_000, 2_899_998_000, 5_700_000_000];

    [TestCaseSource(nameof(Frequencies))]
    public void NanosecondsFollowTheCounter(ulong frequency)
    {
        Clock clock = new(new FakeMachine { Frequency = frequency });
        foreach (ulong seconds in new ulong[] { 1, 60, 86_400, 86_400 * 365 })
        {
            ulong nanoseconds = clock.ToNanoseconds(seconds * frequency);
            BigInteger exact = (BigInteger)seconds * Clock.Second;
            Assert.That((double)((BigInteger)nanoseconds - exact) / (double)exact, Is.Zero.Within(1e-8));
        }
    }

    [TestCaseSource(nameof(Frequencies))]
    public void ADeadlineIsNeverEarlyAndHardlyLate(ulong frequency)
    {
        Clock clock = new(new FakeMachine { Frequency = frequency });
        foreach (ulong wanted in new ulong[] { 1, 999, 1_000_000, 123_456_789, 86_400 * Clock.Second })
        {
            BigInteger ticks = clock.ToTicks(wanted);
            BigInteger exact = (BigInteger)wanted * frequency / Clock.Second;
            Assert.That(ticks, Is.GreaterThanOrEqualTo(exact).And.LessThanOrEqualTo(exact + 2));
        }
    }

    [Test]
    public void FarDeadlinesSaturate() =>
        Assert.That(new Clock(new FakeMachine()).TscAt(ulong.MaxValue), Is.EqualTo(ulong.MaxValue));
}
