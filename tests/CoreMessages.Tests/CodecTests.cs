using System;
using System.Collections.Generic;
using System.Linq;
using Google.Protobuf;
using NUnit.Framework;

namespace Microkernel.Messages.Tests;

/// <summary>What Google.Protobuf writes the core reads, and what the core writes Google.Protobuf reads; and malformed input.</summary>
public sealed class CodecTests
{
    private static readonly byte[] _notUtf8 = [];

    private static IEnumerable<Codec> Codecs => Codec.All;

    [TestCaseSource(nameof(Codecs))]
    public void BothLibrariesReadAndWriteTheSameBytes(Codec codec)
    {
        for (int seed = 0; seed < 1000; seed++)
        {
            byte[] bytes = new RandomMessage(new Random(seed)).Fill(codec.Empty()).ToByteArray();
            Assert.That(codec.Copy(bytes), Is.EqualTo(bytes), $"seed {seed}");
        }
    }

    [TestCaseSource(nameof(Codecs))]
    public void UnknownFieldsAreSkippedWhereverTheyAre(Codec codec)
    {
        byte[] unknown = [0xB8, 0xBB, 0x01, 0x96, 0x01, 0xB9, 0xBB, 0x01, 1, 2, 3, 4, 5, 6, 7, 8, 0xBA, 0xBB, 0x01, 2, 9, 9, 0xBD, 0xBB, 0x01, 1, 2, 3, 4];
        for (int seed = 0; seed < 100; seed++)
        {
            byte[] bytes = new RandomMessage(new Random(seed)).Fill(codec.Empty()).ToByteArray();
            Assert.That(codec.Copy([.. unknown, .. bytes, .. unknown]), Is.EqualTo(bytes), $"seed {seed}");
        }
    }

    [TestCaseSource(nameof(Codecs))]
    public void FieldsInTwoPartsAreMergedAsGoogleDoes(Codec codec)
    {
        int merged = 0;
        for (int seed = 0; seed < 1000; seed++)
        {
            Random random = new(seed);
            byte[] bytes = [.. new RandomMessage(random).Fill(codec.Empty()).ToByteArray(), .. new RandomMessage(random).Fill(codec.Empty()).ToByteArray()];
            // Null where both together have more elements than the core takes.
            if (codec.Copy(bytes) is not { } copy)
                continue;
            merged++;
            Assert.That(copy, Is.EqualTo(Google(codec, bytes)), $"seed {seed}");
        }

        Assert.That(merged, Is.GreaterThan(50));
    }

    [TestCaseSource(nameof(Codecs))]
    public void DamagedMessagesAreRefusedOrReadAsGoogleReadsThem(Codec codec)
    {
        int refused = 0;
        for (int seed = 0; seed < 5000; seed++)
        {
            Random random = new(seed);
            byte[] bytes = new RandomMessage(random).Fill(codec.Empty()).ToByteArray();
            byte[] damaged = Damage(bytes, random);
            byte[]? copy = codec.Copy(damaged);
            if (copy is null)
                refused++;
            else if (Google(codec, damaged) is var google && google != _notUtf8)
                Assert.That(copy, Is.EqualTo(google), $"seed {seed}");
        }

        Assert.That(refused, Is.Not.Zero);
    }

    [TestCaseSource(nameof(Codecs))]
    public void AnythingAtAllIsReadOrRefused(Codec codec)
    {
        Random random = new(1);
        for (int i = 0; i < 20_000; i++)
        {
            var bytes = new byte[random.Next(60)];
            random.NextBytes(bytes);
            codec.Copy(bytes);
        }
    }

    [TestCaseSource(nameof(Codecs))]
    public void ACutMessageIsNeverReadBeyondItsEnd(Codec codec)
    {
        byte[] bytes = new RandomMessage(new Random(3)).Fill(codec.Empty()).ToByteArray();
        for (int length = 0; length < bytes.Length; length++)
            codec.Copy(bytes[..length]);
    }

    /// <summary>The same bytes through Google's library, without what it does not know; null if it refuses.</summary>
    /// <remarks>To the core a string is bytes. It looks at none, and writes only ASCII.</remarks>
    private static byte[]? Google(Codec codec, byte[] bytes)
    {
        try
        {
            return codec.Empty().Descriptor.Parser.WithDiscardUnknownFields(true).ParseFrom(bytes).ToByteArray();
        }
        catch (InvalidProtocolBufferException e) when (e.Message.Contains("UTF-8", StringComparison.Ordinal))
        {
            return _notUtf8;
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }

    private static byte[] Damage(byte[] bytes, Random random)
    {
        byte[] damaged = [.. bytes];
        for (int i = random.Next(1, 4); i > 0 && damaged.Length > 0; i--)
        {
            int at = random.Next(damaged.Length);
            damaged = random.Next(3) switch
            {
                0 => [.. damaged[..at], .. damaged[(at + 1)..]],
                1 => [.. damaged[..at], (byte)random.Next(256), .. damaged[at..]],
                _ => [.. damaged.Select((b, place) => place == at ? (byte)random.Next(256) : b)],
            };
        }

        return damaged;
    }
}
