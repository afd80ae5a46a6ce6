using System;
using NUnit.Framework;

namespace Microkernel.Services.QemuDm.Tests;

/// <summary>The newest bytes of an output, against a list of all of them.</summary>
public sealed class ScrollbackTests
{
    [Test]
    public void ItIsTheEndOfEverythingThatWasAppended([Range(1, 8)] int seed)
    {
        const int Limit = 16384;
        var random = new Random(seed);
        ulong first = (ulong)random.Next(100_000);
        var scrollback = new Scrollback(Limit, first);
        var all = new byte[200_000];
        random.NextBytes(all);
        int length = 0;
        while (length < all.Length)
        {
            int more = Math.Min(random.Next(1, random.Next(2) == 0 ? 100 : 40_000), all.Length - length);
            scrollback.Append(all.AsSpan(length, more));
            length += more;
            Assert.That(scrollback.End, Is.EqualTo(first + (ulong)length));
            Assert.That(scrollback.End - scrollback.Start, Is.EqualTo((ulong)Math.Min(length, Limit)));
            ulong from = scrollback.Start + (ulong)random.NextInt64((long)(scrollback.End - scrollback.Start));
            var part = new byte[random.Next(1, Limit)];
            (ulong position, int read) = scrollback.Read(from, part);
            Assert.That(position, Is.EqualTo(from));
            Assert.That(part.AsSpan(0, read).SequenceEqual(all.AsSpan((int)(from - first), read)), Is.True);
        }
    }

    [Test]
    public void APositionThatIsNotThereIsTheOldest()
    {
        var scrollback = new Scrollback(4096, 10);
        scrollback.Append(new byte[5000]);
        var part = new byte[10];
        Assert.That(scrollback.Read(0, part), Is.EqualTo((914UL, 10)));
        Assert.That(scrollback.Read(99999, part), Is.EqualTo((914UL, 10)));
        Assert.That(scrollback.Read(5010, part), Is.EqualTo((5010UL, 0)));
        scrollback.Skip(7);
        Assert.That((scrollback.Start, scrollback.End), Is.EqualTo((5017UL, 5017UL)));
    }
}
