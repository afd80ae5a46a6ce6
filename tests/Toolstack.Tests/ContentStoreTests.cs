using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using Grpc.Core;
using Microkernel.Services.Toolstack.Content;
using Microkernel.Services.Toolstack.Tests.Fakes;
using NUnit.Framework;

namespace Microkernel.Services.Toolstack.Tests;

/// <summary>Files in memory of a fixed size.</summary>
public sealed class ContentStoreTests
{
    private const int Size = 1 << 20;

    private FakeContentMemory _memory = null!;
    private TestTime _time = null!;
    private ContentStore _store = null!;

    [SetUp]
    public void Start()
    {
        _memory = new FakeContentMemory(Size);
        _time = new TestTime();
        Restart();
    }

    [Test]
    public void AFileIsThereWhenItsLastByteIs()
    {
        byte[] file = File(1, 1000);
        (ulong upload, long have) = Begin(file);
        Assert.That(have, Is.Zero);
        Assert.That(_store.Write(upload, 0, file.AsSpan(0, 600)), Is.EqualTo(600));
        Assert.That(_store.Pin(Hash(file)), Is.Null);
        // Again, and then overlapping: both are what a client does that did not hear the answer.
        Assert.That(_store.Write(upload, 0, file.AsSpan(0, 600)), Is.EqualTo(600));
        Assert.That(_store.Write(upload, 500, file.AsSpan(500)), Is.EqualTo(1000));
        using PinnedContent? content = _store.Pin(Hash(file));
        Assert.That(content!.Bytes.SequenceEqual(file), Is.True);
        Assert.That(content.Verify(), Is.True);
        Assert.That(Begin(file).Have, Is.EqualTo(1000));
    }

    [Test]
    public void PartsThatOvertookOthersAreKept([Values(1, 2, 3, 4, 5)] int seed)
    {
        byte[] file = File(1, 10_000);
        (ulong upload, _) = Begin(file);
        int[] order = [.. Enumerable.Range(0, 10)];
        new Random(seed).Shuffle(order);
        var came = new HashSet<int>();
        foreach (int part in order)
        {
            came.Add(part);
            int inFront = Enumerable.Range(0, 11).First(n => !came.Contains(n));
            Assert.That(_store.Write(upload, (ulong)part * 1000, file.AsSpan(part * 1000, 1000)), Is.EqualTo(inFront * 1000));
            Assert.That(Begin(file).Have, Is.EqualTo(inFront * 1000));
        }

        using PinnedContent? content = _store.Pin(Hash(file));
        Assert.That(content!.Bytes.SequenceEqual(file), Is.True);
        Assert.That(content.Verify(), Is.True);
    }

    [Test]
    public void OnlySoManyPartsMayOvertake()
    {
        byte[] file = File(1, 1000);
        (ulong upload, _) = Begin(file);
        for (int i = 0; i < ContentStore.MostPartsAhead; i++)
            Assert.That(_store.Write(upload, (ulong)(2 * i) + 1, file.AsSpan((2 * i) + 1, 1)), Is.Zero);
        Fails(StatusCode.OutOfRange, () => _store.Write(upload, 500, file.AsSpan(500, 1)));
        // One of them again, longer: it reaches the next one.
        Assert.That(_store.Write(upload, 1, file.AsSpan(1, 2)), Is.Zero);
        Assert.That(_store.Write(upload, 0, file.AsSpan(0, 1)), Is.EqualTo(4));
        Assert.That(_store.Write(upload, 0, file), Is.EqualTo(1000));
    }

    [Test]
    public void WhatOvertookIsForgottenWithTheIncarnation()
    {
        byte[] file = File(1, 1000);
        _store.Write(Begin(file).Upload, 600, file.AsSpan(600));
        Restart();
        Assert.That(_store.Write(Begin(file).Upload, 0, file.AsSpan(0, 600)), Is.EqualTo(600));
    }

    [Test]
    public void WrongPartsAndFilesAreRefused()
    {
        byte[] file = File(1, 1000);
        (ulong upload, _) = Begin(file);
        Fails(StatusCode.OutOfRange, () => _store.Write(upload, 0, new byte[1001]));
        Fails(StatusCode.OutOfRange, () => _store.Write(upload, ulong.MaxValue, new byte[1]));
        Fails(StatusCode.NotFound, () => _store.Write(0, 0, file));
        Fails(StatusCode.NotFound, () => _store.Write(99, 0, file));
        Fails(StatusCode.InvalidArgument, () => _store.Begin(Hash(file), 999));
        Fails(StatusCode.InvalidArgument, () => _store.Begin(new byte[31], 1));
        Fails(StatusCode.InvalidArgument, () => _store.Begin(new byte[32], 0));
        Fails(StatusCode.ResourceExhausted, () => _store.Begin(new byte[32], Size));
        Fails(StatusCode.ResourceExhausted, () => _store.Begin(new byte[32], ulong.MaxValue));
    }

    [Test]
    public void AFileThatCameToTwoIncarnationsIsHashedBeforeItsUse([Values] bool isDamaged)
    {
        byte[] file = File(1, 1000);
        _store.Write(Begin(file).Upload, 0, file.AsSpan(0, 600));
        Restart();
        if (isDamaged)
            _memory.Bytes[ContentIndex.Size + 10]++;
        _store.Write(Begin(file).Upload, 600, file.AsSpan(600));
        using (PinnedContent? content = _store.Pin(Hash(file)))
            Assert.That(content!.Verify(), Is.Not.EqualTo(isDamaged));
        Assert.That(Begin(file).Have, Is.EqualTo(isDamaged ? 0 : 1000));
    }

    [Test]
    public void AfterARestartFilesAreThereAndUploadsGoOn()
    {
        byte[] whole = File(1, 5000), part = File(2, 5000);
        Put(whole);
        (ulong upload, _) = Begin(part);
        _store.Write(upload, 0, part.AsSpan(0, 1234));
        Restart();
        using PinnedContent? content = _store.Pin(Hash(whole));
        Assert.That(content!.Verify(), Is.True);
        Fails(StatusCode.NotFound, () => _store.Write(upload + 5, 0, part));
        (upload, long have) = Begin(part);
        Assert.That(have, Is.EqualTo(1234));
        _store.Write(upload, 1234, part.AsSpan(1234));
        Assert.That(_store.Pin(Hash(part)), Is.Not.Null);
    }

    [Test]
    public void AFileThatWasDamagedMeanwhileIsFoundOut()
    {
        byte[] file = File(1, 5000);
        Put(file);
        Restart();
        _memory.Bytes[ContentIndex.Size + 4000]++;
        using (PinnedContent? content = _store.Pin(Hash(file)))
            Assert.That(content!.Verify(), Is.False);
        Assert.That(_store.Pin(Hash(file)), Is.Null);
        Put(file);
    }

    [Test]
    public void WhatWasUsedLongestAgoMakesRoom()
    {
        byte[][] files = [.. Enumerable.Range(0, 3).Select(i => File(i, 300_000))];
        foreach (byte[] file in files)
            Put(file);
        _store.Pin(Hash(files[0]))!.Dispose();
        Put(File(9, 300_000));
        Assert.That(files.Select(f => _store.Pin(Hash(f)) is not null), Is.EqualTo(new[] { true, false, true }));
    }

    [Test]
    public void WhatIsNeededStays()
    {
        byte[][] files = [.. Enumerable.Range(0, 3).Select(i => File(i, 300_000))];
        foreach (byte[] file in files)
            Put(file);
        List<PinnedContent> pins = [.. files.Select(f => _store.Pin(Hash(f))!)];
        Fails(StatusCode.ResourceExhausted, () => Begin(File(9, 300_000)));
        Assert.That(pins.Select(p => p.Verify()), Is.All.True);
        pins[1].Dispose();
        pins[1].Dispose();
        Put(File(9, 300_000));
        Assert.That(pins[0].Bytes.SequenceEqual(files[0]), Is.True);
    }

    [Test]
    public void AnUploadThatStandsStillGivesWayAfterAWhile()
    {
        byte[] large = File(1, 900_000), other = File(2, 900_000);
        (ulong upload, _) = Begin(large);
        _store.Write(upload, 0, large.AsSpan(0, 1000));
        Fails(StatusCode.ResourceExhausted, () => Begin(other));
        _time.Pass(ContentStore.UploadPatience);
        Put(other);
        Fails(StatusCode.NotFound, () => _store.Write(upload, 1000, large.AsSpan(1000)));
    }

    [Test]
    public void TheNumberOfFilesIsBounded()
    {
        for (int i = 0; i < ContentIndex.Entries + 20; i++)
            Put(File(i, 10));
        Assert.That(_store.Pin(Hash(File(0, 10))), Is.Null);
        Assert.That(_store.Pin(Hash(File(ContentIndex.Entries + 19, 10))), Is.Not.Null);
    }

    [Test]
    public void AnyBytesInTheIndexAreSurvived([Range(1, 30)] int seed)
    {
        var random = new Random(seed);
        for (int i = 0; i < 10; i++)
            Put(File(i, random.Next(1, 50_000)));
        for (int i = 0; i < 400; i++)
            _memory.Bytes[random.Next(seed % 3 == 0 ? 0 : 16, ContentIndex.Size)] = (byte)random.Next(256);
        Restart();
        for (int i = 0; i < 10; i++)
        {
            byte[] file = File(i + 100, random.Next(1, 50_000));
            Put(file);
            using PinnedContent? content = _store.Pin(Hash(file));
            Assert.That(content!.Bytes.SequenceEqual(file), Is.True);
        }
    }

    [Test]
    public void RandomUploadsNeverMix([Range(1, 5)] int seed)
    {
        var random = new Random(seed);
        Dictionary<byte[], PinnedContent> pinned = [];
        for (int i = 0; i < 300; i++)
        {
            byte[] file = File(i, random.Next(1, 200_000));
            try
            {
                Put(file);
                if (random.Next(4) == 0)
                    pinned.Add(file, _store.Pin(Hash(file))!);
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.ResourceExhausted)
            {
                KeyValuePair<byte[], PinnedContent> first = pinned.First();
                first.Value.Dispose();
                pinned.Remove(first.Key);
            }

            foreach ((byte[] bytes, PinnedContent content) in pinned)
                Assert.That(content.Bytes.SequenceEqual(bytes), Is.True);
        }
    }

    private static byte[] Hash(byte[] file) => SHA256.HashData(file);

    private static byte[] File(int seed, int length)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static void Fails(StatusCode status, Action call) =>
        Assert.That(Assert.Throws<RpcException>(call)!.StatusCode, Is.EqualTo(status));

    private void Restart() => _store = new ContentStore(_memory, _time);

    private (ulong Upload, long Have) Begin(byte[] file) => _store.Begin(Hash(file), (ulong)file.Length);

    private void Put(byte[] file)
    {
        (ulong upload, long have) = Begin(file);
        _time.Pass(TimeSpan.FromMilliseconds(1));
        if (have < file.Length)
            Assert.That(_store.Write(upload, (ulong)have, file.AsSpan((int)have)), Is.EqualTo(file.Length));
    }

    private sealed class TestTime : TimeProvider
    {
        private long _now = 1;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        internal void Pass(TimeSpan time) => _now += time.Ticks;
    }
}
