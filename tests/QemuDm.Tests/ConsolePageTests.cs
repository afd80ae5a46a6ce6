using System;
using NUnit.Framework;

namespace Microkernel.Services.QemuDm.Tests;

/// <summary>The protocol, with honest guests and others.</summary>
public sealed class ConsolePageTests
{
    [Test]
    public void BytesPassInBothDirectionsAroundAllEnds([Values(0u, 2000u, uint.MaxValue - 1500)] uint start)
    {
        var guest = new FakeGuest();
        foreach (int at in new[] { ConsolePage.InConsAt, ConsolePage.InProdAt, ConsolePage.OutConsAt, ConsolePage.OutProdAt })
            guest.SetWord(at, start);
        var page = new ConsolePage(guest.Page);
        var taken = new byte[4096];
        for (int i = 0; i < 20; i++)
        {
            var text = new string((char)('a' + i), 500 + i);
            guest.Write(text);
            int length = page.Take(guest.Page, taken);
            Assert.That(System.Text.Encoding.ASCII.GetString(taken, 0, length), Is.EqualTo(text));
            Assert.That(page.Give(guest.Page, taken.AsSpan(0, length)), Is.EqualTo(length));
            Assert.That(guest.Read(), Is.EqualTo(text));
        }

        Assert.That(page.Faults, Is.Zero);
        Assert.That(page.OutputTaken, Is.EqualTo(guest.OutCons));
    }

    [Test]
    public void NoMoreIsGivenThanThereIsRoomFor()
    {
        var guest = new FakeGuest();
        var page = new ConsolePage(guest.Page);
        Assert.That(page.Give(guest.Page, new byte[2000]), Is.EqualTo(ConsolePage.InputSize));
        Assert.That(page.Give(guest.Page, new byte[1]), Is.Zero);
        guest.Read();
        Assert.That(page.Give(guest.Page, new byte[1]), Is.EqualTo(1));
    }

    [Test]
    public void IndicesThatCannotBeAreBegunAgainAt()
    {
        var guest = new FakeGuest();
        var page = new ConsolePage(guest.Page);
        guest.SetWord(ConsolePage.OutProdAt, 5000);
        guest.SetWord(ConsolePage.InConsAt, 17);
        Assert.That(page.Take(guest.Page, new byte[4096]), Is.Zero);
        Assert.That(page.Give(guest.Page, "keys"u8), Is.EqualTo(4));
        Assert.That((page.Faults, guest.OutCons), Is.EqualTo((2, 5000u)));
        guest.Write("fine");
        Assert.That(page.Take(guest.Page, new byte[4096]), Is.EqualTo(4));
        Assert.That(guest.Read(), Is.EqualTo("keys"));
    }

    [Test]
    public void AGuestThatChangesItsIndicesAtEveryMomentHarmsNobody([Range(1, 10)] int seed)
    {
        var random = new Random(seed);
        var guest = new FakeGuest();
        var page = new ConsolePage(guest.Page);
        var buffer = new byte[4096];
        for (int i = 0; i < 20_000; i++)
        {
            int word = random.Next(4);
            if (word < 3)
                guest.SetWord(ConsolePage.InConsAt + 4 * random.Next(4), random.Next(3) == 0 ? (uint)random.Next() * 2 : page.OutputTaken + (uint)random.Next(2100));
            else
                random.NextBytes(guest.Page);
            Assert.That(page.Take(guest.Page, buffer.AsSpan(0, random.Next(buffer.Length))), Is.InRange(0, ConsolePage.OutputSize));
            Assert.That(page.Give(guest.Page, buffer.AsSpan(0, random.Next(buffer.Length))), Is.InRange(0, ConsolePage.InputSize));
        }
    }
}
