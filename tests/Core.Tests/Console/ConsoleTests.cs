using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using Microkernel.Core.Domains;
using Microkernel.Core.Memory;
using Microkernel.Core.Tests.Events;
using Microkernel.Core.Tests.Fakes;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Console;

/// <summary>The PV console as a guest uses it: struct xencons_interface (xen/io/console.h).</summary>
public sealed class ConsoleTests
{
    private const int Out = 1024;
    private const int InConsumed = 3072;
    private const int InProduced = 3076;
    private const int OutConsumed = 3080;
    private const int OutProduced = 3084;

    private TestHost _host = null!;

    [Test]
    public void TheOnlyGuestSpeaksPlainly()
    {
        Start(1, "");
        Say(0, "hello\n");
        Assert.That(_host.Machine.ConsoleOutput.ToString(), Is.EqualTo("hello\n"));
        Assert.That(Index(0, OutConsumed), Is.EqualTo(6));
    }

    [Test]
    public void SeveralGuestsHaveTheirNamesBeforeTheirLines()
    {
        Start(2, "");
        Say(0, "one\ntw");
        Say(1, "three\n");
        Say(0, "o\n");
        Assert.That(
            _host.Machine.ConsoleOutput.ToString(), Is.EqualTo("[guest0] one\n[guest0] tw\r\n[guest1] three\n[guest0] o\n"));
    }

    [Test]
    public void FramesNameTheSpeaker()
    {
        Start(2, "x=1 guests=com2");
        Say(0, "a");
        Say(0, "b");
        Say(1, "c\u0010d");
        Say(0, "e");
        Assert.That(_host.Machine.ConsoleOutput.ToString(), Is.EqualTo("\u0010\u0040ab\u0010\u0041c\u0010\u0010d\u0010\u0040e"));
    }

    [Test]
    public void LongOutputArrivesWhole([Range(1, 5)] int seed)
    {
        Start(1, "");
        Random random = new(seed);
        StringBuilder said = new();
        for (int i = 0; i < 50; i++)
        {
            string text = new([.. Enumerable.Range(0, random.Next(2049)).Select(_ => (char)random.Next(1, 128))]);
            said.Append(text);
            Say(0, text);
        }

        Assert.That(_host.Machine.ConsoleOutput.ToString(), Is.EqualTo(said.ToString()));
    }

    [Test]
    public void IndicesThatMakeNoSenseLoseTheOutput([Values(2049u, 0x80000000u, uint.MaxValue)] uint ahead)
    {
        Start(1, "");
        Index(0, OutProduced) = ahead;
        Notify(0);
        Assert.That(_host.Machine.ConsoleOutput.Length, Is.LessThanOrEqualTo(2048));
        Assert.That(Index(0, OutConsumed), Is.EqualTo(ahead));
        _host.Machine.ConsoleOutput.Clear();
        Say(0, "sane again");
        Assert.That(_host.Machine.ConsoleOutput.ToString(), Is.EqualTo("sane again"));
    }

    [Test]
    public void OutputStopsWhenTheTimeIsUpAndGoesOnLater()
    {
        Start(1, "");
        _host.Machine.OnWriteConsole = () => _host.Machine.Tsc += 1_000_000;
        Say(0, new string('x', 100));
        int first = _host.Machine.ConsoleOutput.Length;
        Assert.That(first, Is.InRange(1, 99));
        Assert.That(_host.Kernel.Consoles.HasWork);
        while (_host.Kernel.Consoles.HasWork)
        {
            _host.Kernel.Consoles.DoPiece();
        }

        Assert.That(_host.Machine.ConsoleOutput.Length, Is.EqualTo(100));
    }

    [Test]
    public void AFloodDoesNotSilenceTheOthers()
    {
        Start(2, "guests=com2");
        _host.Machine.OnWriteConsole = () => _host.Machine.Tsc += 1_000_000;
        Say(0, new string('x', 2000));
        Say(1, "me too");
        for (int i = 0; i < 4; i++)
        {
            Say(0, new string('x', 50));
            _host.Kernel.Consoles.DoPiece();
        }

        Assert.That(_host.Machine.ConsoleOutput.ToString(), Does.Contain("me too"));
    }

    [Test]
    public void ADomainThatHasEndedIsHeardToItsLastWord()
    {
        Start(1, "");
        Put(0, "last words");
        while (!_host.Domain(0).Console.Drain())
        {
        }

        Assert.That(_host.Machine.ConsoleOutput.ToString(), Is.EqualTo("last words"));
    }

    [Test]
    public void InputGoesToTheGuestThatIsNamed()
    {
        Start(2, "guests=com2");
        Type("\u0010\u0041abc\u0010\u0010\u0010\u0040x\u0010\u0045lost");
        Assert.That(Received(1), Is.EqualTo("abc\u0010"));
        Assert.That(Received(0), Is.EqualTo("x"));
    }

    [Test]
    public void InputWaitsForRoomInTheRing()
    {
        Start(1, "");
        Index(0, InProduced) = 1020;
        string typed = new([.. Enumerable.Range(0, 50).Select(i => (char)('a' + (i % 26)))]);
        Type(typed);
        Assert.That(Index(0, InProduced), Is.EqualTo(1024));
        string received = Received(0)[^4..];
        for (int i = 0; i < 20; i++)
        {
            Notify(0);
            received += Received(0);
        }

        Assert.That(received, Is.EqualTo(typed));
    }

    [Test]
    public void ARingWithNonsenseTakesNoInput()
    {
        Start(1, "");
        Index(0, InConsumed) = 77;
        Type("abc");
        Assert.That(Index(0, InProduced), Is.Zero);
    }

    [Test]
    public void EarlyOutputByHypercall()
    {
        Start(1, "");
        Encoding.ASCII.GetBytes(new string('y', 150), _host.Page(0, 16));
        Assert.That(_host.Call(0, 18, 0, 150, 16 << 12), Is.Zero);
        Assert.That(_host.Machine.ConsoleOutput.ToString(), Is.EqualTo(new string('y', 150)));
        Assert.That(_host.Call(0, 18, 0, 150, 1UL << 40), Is.EqualTo(-14));
        Assert.That(_host.Call(0, 18, 1, 150, 16 << 12), Is.EqualTo(-1));
    }

    private void Start(int domains, string options)
    {
        _host = new TestHost(domains, commandLine: options);
        foreach (Domain domain in _host.Kernel.Domains.Slots)
        {
            Assert.That(domain.Memory.RemovePage(TestHost.DomainFrames - 1), Is.Zero);
            Assert.That(domain.Memory.TryPopulateRange(GuestLayout.ConsoleGfn, 1), Is.True);
            Assert.That(domain.Console.TryAttach(), Is.True);
        }
    }

    private Span<byte> Ring(int domain) => _host.Page(domain, GuestLayout.ConsoleGfn);

    private ref uint Index(int domain, int at) => ref MemoryMarshal.AsRef<uint>(Ring(domain)[at..]);

    private void Put(int domain, string text)
    {
        foreach (char c in text)
        {
            Ring(domain)[Out + (int)(Index(domain, OutProduced)++ % 2048)] = (byte)c;
        }
    }

    private void Say(int domain, string text)
    {
        Put(domain, text);
        Notify(domain);
    }

    private void Notify(int domain)
    {
        uint port = (uint)_host.Domain(domain).Parameters[HvmParameters.ConsoleEventChannel];
        Assert.That(new EventGuest(_host, domain).Send(port), Is.Zero);
    }

    private void Type(string text)
    {
        foreach (char c in text)
        {
            _host.Machine.ConsoleInput.Enqueue((byte)c);
        }

        _host.Kernel.OnConsoleInput();
        for (int i = 0; i < 10; i++)
        {
            _host.Kernel.Consoles.DoPiece();
        }
    }

    private string Received(int domain)
    {
        List<char> text = [];
        while (Index(domain, InConsumed) != Index(domain, InProduced))
        {
            text.Add((char)Ring(domain)[(int)(Index(domain, InConsumed)++ % 1024)]);
        }

        return new string([.. text]);
    }
}
