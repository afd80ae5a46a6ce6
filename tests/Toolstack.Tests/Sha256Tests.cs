using System;
using System.Security.Cryptography;
using Microkernel.Services.Toolstack.Content;
using NUnit.Framework;

namespace Microkernel.Services.Toolstack.Tests;

/// <summary>Our SHA-256 against OpenSSL's.</summary>
public sealed class Sha256Tests
{
    [Test]
    public void EveryLengthAroundBlocksHasTheSameHash()
    {
        var bytes = new byte[300];
        new Random(1).NextBytes(bytes);
        for (int length = 0; length <= bytes.Length; length++)
        {
            var hash = new Sha256();
            hash.Append(bytes.AsSpan(0, length));
            Assert.That(hash.Finish(), Is.EqualTo(SHA256.HashData(bytes.AsSpan(0, length))), $"{length} bytes");
        }
    }

    [Test]
    public void PartsMakeTheSameAsTheWhole([Range(1, 20)] int seed)
    {
        var random = new Random(seed);
        var bytes = new byte[random.Next(100_000)];
        random.NextBytes(bytes);
        var hash = new Sha256();
        for (int i = 0; i < bytes.Length;)
        {
            int length = Math.Min(random.Next(random.Next(2) == 0 ? 70 : 9000), bytes.Length - i);
            hash.Append(bytes.AsSpan(i, length));
            i += length;
        }

        Assert.That(hash.Finish(), Is.EqualTo(SHA256.HashData(bytes)));
    }
}
