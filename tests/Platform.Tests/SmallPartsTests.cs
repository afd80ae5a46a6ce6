using System;
using System.Text;
using Microkernel.Platform.Rtc;
using Microkernel.Platform.Uart;
using NUnit.Framework;

namespace Microkernel.Platform.Tests;

public sealed class SmallPartsTests
{
    private const byte Bcd24 = 2, Binary24 = 6, Bcd12 = 0, Binary12 = 4;

    [Test]
    public void CmosTimeAgreesWithTheLibrary()
    {
        var random = new Random(1);
        for (int i = 0; i < 10_000; i++)
        {
            DateTime time = DateTime.UnixEpoch.AddSeconds(random.NextInt64(6_000_000_000));
            byte format = (byte)(random.Next(4) * 2);
            bool readable = Encode(time, format, century: true).TryGetUnixTime(out ulong seconds);
            Assert.That(readable, Is.True);
            Assert.That(seconds, Is.EqualTo((ulong)(time - DateTime.UnixEpoch).TotalSeconds), $"{time:u} in format {format}");
        }
    }

    [Test]
    public void WithoutCenturyItIsTheTwentyFirst()
    {
        var time = new DateTime(2026, 2, 28, 23, 59, 58, DateTimeKind.Utc);
        Assert.That(Encode(time, Bcd24, century: false).TryGetUnixTime(out ulong seconds), Is.True);
        Assert.That(DateTime.UnixEpoch.AddSeconds(seconds), Is.EqualTo(time));
    }

    [Test]
    public void NonsenseIsNoDate([Values(Bcd24, Binary24, Bcd12, Binary12)] byte format)
    {
        var time = new CmosTime
        {
            Second = 0xff,
            Minute = 0xff,
            Hour = 0xff,
            Day = 0xff,
            Month = 0xff,
            Year = 0xff,
            Century = 0xff,
            Format = format,
        };
        Assert.That(time.TryGetUnixTime(out _), Is.False);
        Assert.That(default(CmosTime).TryGetUnixTime(out _), Is.False);
    }

    [Test]
    public void LogRingKeepsTheNewest()
    {
        var ring = new LogRing(8);
        Assert.That(Read(ring, 0), Is.EqualTo(("", 0u)));
        ring.Append("abcde"u8);
        Assert.That(Read(ring, 0), Is.EqualTo(("abcde", 5u)));
        Assert.That(Read(ring, 3), Is.EqualTo(("de", 5u)));
        ring.Append("fghijk"u8);
        Assert.That(Read(ring, 2), Is.EqualTo(("defghijk", 11u)), "what was lost is skipped");
        Assert.That(Read(ring, 4, 3), Is.EqualTo(("efg", 7u)));
        Assert.That(Read(ring, 99), Is.EqualTo(("defghijk", 11u)), "a place that is not there yet");
        ring.Forget(6);
        Assert.That(Read(ring, 0), Is.EqualTo(("ghijk", 11u)), "only what was read is forgotten");
        ring.Forget(5);
        Assert.That(Read(ring, 0), Is.EqualTo(("ghijk", 11u)), "what is gone does not come back");
        ring.Forget(11);
        Assert.That(Read(ring, 0), Is.EqualTo(("", 11u)));
        ring.Append("l"u8);
        Assert.That(Read(ring, ring.Start), Is.EqualTo(("l", 12u)));
    }

    private static (string Text, uint Index) Read(LogRing ring, uint index, int most = 16)
    {
        byte[] buffer = new byte[most];
        int count = ring.CopyFrom(ref index, buffer);
        return (Encoding.ASCII.GetString(buffer, 0, count), index);
    }

    [Test]
    public void InputRingIsFirstInFirstOutAndBounded()
    {
        var ring = new InputRing(4);
        for (int round = 0; round < 10; round++)
        {
            for (byte i = 0; i < 4; i++)
            {
                Assert.That(ring.TryAdd(i), Is.True);
            }

            Assert.That(ring.TryAdd(9), Is.False);
            for (byte i = 0; i < 4; i++)
            {
                Assert.That(ring.TryTake(out byte value), Is.True);
                Assert.That(value, Is.EqualTo(i));
            }

            Assert.That(ring.TryTake(out _), Is.False);
        }
    }

    private static CmosTime Encode(DateTime time, byte format, bool century)
    {
        bool binary = (format & 4) != 0;
        byte Code(int value) => (byte)(binary ? value : (value / 10 * 16) + (value % 10));
        int hour = (format & 2) != 0 ? time.Hour : (time.Hour + 11) % 12 + 1;
        return new CmosTime
        {
            Second = Code(time.Second),
            Minute = Code(time.Minute),
            Hour = (byte)(Code(hour) | ((format & 2) == 0 && time.Hour >= 12 ? 0x80 : 0)),
            Day = Code(time.Day),
            Month = Code(time.Month),
            Year = Code(time.Year % 100),
            Century = century ? Code(time.Year / 100) : (byte)0,
            Format = format,
        };
    }
}
