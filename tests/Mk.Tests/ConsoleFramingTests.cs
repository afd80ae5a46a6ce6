using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Mk.Machine;
using NUnit.Framework;

namespace Mk.Tests;

public sealed class ConsoleFramingTests
{
    private static Dictionary<int, string> Demultiplex(params string[] pieces)
    {
        var output = new Dictionary<int, string>();
        var line = new ConsoleDemultiplexer((guest, bytes) =>
            output[guest] = output.GetValueOrDefault(guest, "") + Encoding.Latin1.GetString(bytes.Span));
        foreach (string piece in pieces)
            line.Add(Encoding.Latin1.GetBytes(piece));
        return output;
    }

    [Test]
    public void StartsWithTheFirstGuest() => Assert.That(Demultiplex("hello")[0], Is.EqualTo("hello"));

    [Test]
    public void ASwitchCutInTwoByTheSerialLineStillSwitches()
    {
        Dictionary<int, string> output = Demultiplex("a\x10", "\x42" + "b", "\x10\x40" + "c");
        Assert.That(output, Is.EqualTo(new Dictionary<int, string> { [0] = "ac", [2] = "b" }));
    }

    [Test]
    public void ADoubledDleIsOneByte() => Assert.That(Demultiplex("a\x10\x10z")[0], Is.EqualTo("a\x10z"));

    [Test]
    public void AnUnknownEscapeIsDroppedAndChangesNothing() =>
        Assert.That(Demultiplex("a\x10\x05z"), Is.EqualTo(new Dictionary<int, string> { [0] = "az" }));

    [Test]
    public void AGuestThatTheFramingCannotNameIsRefused() =>
        Assert.That(static () => new ConsoleMultiplexer().Frame(ConsoleMultiplexer.MostGuests, "x"u8), Throws.InstanceOf<ArgumentOutOfRangeException>());

    [FsCheck.NUnit.Property(MaxTest = 500)]
    public Property WhatIsFramedComesApartAgainHoweverItIsCut()
    {
        Gen<(int Guest, byte[] Bytes)> message = Gen.Choose(0, ConsoleMultiplexer.MostGuests - 1)
            .SelectMany(static g => Gen.ArrayOf(Gen.Elements<byte>(0x10, 0x40, 0x41, (byte)'x', 0xff)).Select(b => (g, b)));
        Gen<((int Guest, byte[] Bytes)[] Messages, int Cut)> runs =
            Gen.ArrayOf(message).SelectMany(static m => Gen.Choose(1, 7).Select(cut => (m, cut)));
        return Prop.ForAll(Arb.From(runs), static run => ComesApart(run.Messages, run.Cut));
    }

    private static bool ComesApart((int Guest, byte[] Bytes)[] messages, int cut)
    {
        var framing = new ConsoleMultiplexer();
        byte[] line = [.. messages.SelectMany(m => framing.Frame(m.Guest, m.Bytes))];
        var received = new Dictionary<int, List<byte>>();
        var demultiplexer = new ConsoleDemultiplexer((guest, bytes) =>
        {
            received.TryAdd(guest, []);
            received[guest].AddRange(bytes.ToArray());
        });
        foreach (byte[] piece in line.Chunk(cut))
            demultiplexer.Add(piece);
        return messages.GroupBy(static m => m.Guest).All(g =>
            g.SelectMany(static m => m.Bytes).SequenceEqual(received.GetValueOrDefault(g.Key, [])));
    }
}
