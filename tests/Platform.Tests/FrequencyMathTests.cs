using System;
using Microkernel.Platform.Timers;
using NUnit.Framework;

namespace Microkernel.Platform.Tests;

public sealed class FrequencyMathTests
{
    [TestCase(2_000_000UL, 200_000UL, 100_000_000UL, 1_000_000_000UL)]
    [TestCase(358UL, 1UL, 3_579_545UL, 1_281_477_110UL)]
    [TestCase(500_000_000_000UL, 10_000_000_000UL, 100_000_000UL, 5_000_000_000UL)]
    public void FrequencyIsTheRatio(ulong ticks, ulong referenceTicks, ulong reference, ulong expected) =>
        Assert.That(FrequencyMath.Frequency(ticks, referenceTicks, reference), Is.EqualTo(expected));

    [Test]
    public void FrequencyOfLongMeasurementsIsGoodToAFifthOfAPartInAMillion()
    {
        var random = new Random(3);
        for (int i = 0; i < 10_000; i++)
        {
            ulong frequency = (ulong)random.NextInt64(1_000_000_000, 6_000_000_000);
            ulong reference = random.Next(2) == 0 ? 3_579_545UL : (ulong)random.NextInt64(10_000_000, 400_000_000);
            double seconds = 0.1 + (random.NextDouble() * 60);
            ulong found = FrequencyMath.Frequency((ulong)(frequency * seconds), (ulong)(reference * seconds), reference);
            double error = Math.Abs(((double)found / frequency) - 1);
            Assert.That(error, Is.LessThan((2 / (reference * seconds)) + 2e-7));
        }
    }

    [Test]
    public void CounterThatWrappedIsUnwrapped([Values(0xffffu, 0xff_ffffu, uint.MaxValue)] uint mask)
    {
        var random = new Random(4);
        for (int i = 0; i < 10_000; i++)
        {
            ulong made = (ulong)random.NextInt64(0, (long)mask * 20);
            long error = random.NextInt64(-(mask / 3), mask / 3);
            ulong estimate = (ulong)Math.Max(0, (long)made + error);
            Assert.That(FrequencyMath.Unwrap((uint)(made & mask), mask, estimate), Is.EqualTo(made));
        }
    }

    [Test]
    public void ConversionKeepsLongTimesExact() =>
        Assert.That(FrequencyMath.Convert(7_200_000_000_007, 1_000_000_000, 3_579_545), Is.EqualTo(3_579_545UL * 7200));
}
