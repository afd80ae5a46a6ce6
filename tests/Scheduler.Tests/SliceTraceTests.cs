using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Protos.Scheduler;
using NUnit.Framework;
using Api = Microkernel.Protos.Scheduler.Scheduler;

namespace Microkernel.Services.Scheduler.Tests;

/// <summary>Traces over a ring. The core has the CPUs 1 and 2; its clock goes on when somebody reads.</summary>
public sealed class SliceTraceTests
{
    private const ulong Millisecond = 1_000_000;

    private FakeCore _core = null!;
    private RingScheduler _scheduler = null!;
    private ulong _begin;

    private Api.SchedulerClient Client => _scheduler.Client;

    [SetUp]
    public void Start()
    {
        _core = new FakeCore { BeforeSlices = _ => _core.Now += 30 * Millisecond };
        _begin = _core.Now;
        _scheduler = new RingScheduler(_core, TimeSpan.FromMilliseconds(1));
    }

    [TearDown]
    public void Stop() => _scheduler.Dispose();

    [Test]
    public async Task ATraceHasWhatOverlapsItsTimeAndEndsByItself()
    {
        _core.Slices[1] = [At(-5, 3), At(-1, 2), At(10, 5), At(99, 10), At(120, 1)];
        List<TracePart> parts = await TraceAsync(100);
        Assert.That(parts[0], Is.EqualTo(new TracePart { NowNs = _begin, Cpus = { new CpuSlices { Cpu = 1 }, new CpuSlices { Cpu = 2 } } }));
        Assert.That(SlicesOf(parts, 1).Select(s => ((long)(s.StartNs - _begin) / (long)Millisecond, s.LengthNs / Millisecond)), Is.EqualTo(new[] { (-1L, 2UL), (10L, 5UL), (99L, 10UL) }));
        Assert.That(SlicesOf(parts, 2), Is.Empty);
        Assert.That(parts.Select(static p => p.NowNs), Is.Ordered);
    }

    [Test]
    public async Task ASliceIsToldAsTheCoreHasIt()
    {
        _core.Slices[2] = [new CpuSlice(8, 1, _begin + 5, _begin + 12, 3, VcpuActivity.Blocked)];
        Assert.That(SlicesOf(await TraceAsync(50), 2), Is.EqualTo(new[]
        {
            new Slice { Domain = 8, Vcpu = 1, StartNs = _begin + 5, LengthNs = 7, WaitedNs = 3, Next = VcpuState.Blocked },
        }));
    }

    [Test]
    public async Task WhatIsGoneBeforeItIsReadIsCountedButNotWhatNobodyWanted()
    {
        int reads = 0;
        _core.KeptSlices = 10;
        _core.Slices[1] = [.. Enumerable.Range(0, 50).Select(i => At(-100 + i, 1))];
        _core.BeforeSlices = cpu =>
        {
            if (cpu == 1 && ++reads == 3)
                _core.Slices[1].AddRange(Enumerable.Range(0, 100).Select(i => At(i, 1)));
            _core.Now += 10 * Millisecond;
        };
        List<TracePart> parts = await TraceAsync(200);
        Assert.That(parts.SelectMany(static p => p.Cpus).Sum(static c => (long)c.Lost), Is.EqualTo(90));
        Assert.That(SlicesOf(parts, 1).Select(s => (s.StartNs - _begin) / Millisecond), Is.EqualTo(Enumerable.Range(90, 10)));
    }

    [Test]
    public async Task ManySlicesComeInPartsThatFitRings()
    {
        _core.Slices[1] = [.. Enumerable.Range(0, 2500).Select(i => new CpuSlice(7, 0, _begin + ((ulong)i * 1000), _begin + ((ulong)i * 1000) + 900, 0, VcpuActivity.Ready))];
        _core.Slices[2] = [.. _core.Slices[1]];
        List<TracePart> parts = await TraceAsync(100);
        Assert.That(SlicesOf(parts, 1).Count, Is.EqualTo(2500));
        Assert.That(SlicesOf(parts, 2).Select(static s => s.StartNs), Is.EqualTo(_core.Slices[2].Select(static s => s.StartNs)));
        Assert.That(parts.Max(static p => p.CalculateSize()), Is.LessThanOrEqualTo(SliceTrace.LongestPart + 64));
    }

    [Test]
    public async Task ATraceDoesNotRunAfterItsOwnWork()
    {
        const ulong length = 200, period = 50;
        int reads = 0;
        using var scheduler = new RingScheduler(_core, TimeSpan.FromMilliseconds(period));
        var clock = Stopwatch.StartNew();
        _core.Slices[1] = [];
        _core.BeforeSlices = _ =>
        {
            reads++;
            _core.Now = _begin + (ulong)clock.Elapsed.TotalNanoseconds;
            _core.Slices[1].Add(new CpuSlice(3, 0, _core.Now - 1000, _core.Now, 0, VcpuActivity.Blocked));
        };
        await CollectAsync(scheduler.Client, new TraceRequest { DurationNs = length * Millisecond });

        // Both CPUs are read once in each period, and after the end for as long as a slice may be unknown. A slow machine reads less often.
        Assert.That(reads, Is.InRange(2, 2 * (int)((length / period) + 3)));
    }

    [Test]
    public async Task AReaderMayLeave()
    {
        _core.BeforeSlices = null;
        using var leaving = new CancellationTokenSource();
        using AsyncServerStreamingCall<TracePart> call = Client.Trace(new TraceRequest { DurationNs = SchedulerService.LongestTraceNs }, cancellationToken: leaving.Token);
        Assert.That(await call.ResponseStream.MoveNext(CancellationToken.None), Is.True);
        await leaving.CancelAsync();
        RpcException end = (await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await call.ResponseStream.MoveNext(CancellationToken.None))
            {
            }
        }))!;
        Assert.That(end.StatusCode, Is.EqualTo(StatusCode.Cancelled));
        Assert.That(Client.GetUsage(new GetUsageRequest()).Cpus, Is.EqualTo(new uint[] { 1, 2 }));
    }

    [TestCase(0ul)]
    [TestCase(SchedulerService.LongestTraceNs + 1)]
    [TestCase(ulong.MaxValue)]
    public async Task AnImpossibleLengthIsRefused(ulong duration)
    {
        RpcException refused = (await Assert.ThrowsAsync<RpcException>(() => CollectAsync(Client, new TraceRequest { DurationNs = duration })))!;
        Assert.That(refused.StatusCode, Is.EqualTo(StatusCode.InvalidArgument));
        Assert.That(refused.Status.Detail, Does.Contain("ten minutes"));
    }

    private CpuSlice At(int start, uint milliseconds)
    {
        ulong at = _begin + ((ulong)start * Millisecond);
        return new CpuSlice(7, 0, at, at + (milliseconds * Millisecond), 0, VcpuActivity.Ready);
    }

    private static List<Slice> SlicesOf(IEnumerable<TracePart> parts, uint cpu) =>
        [.. parts.SelectMany(static p => p.Cpus).Where(c => c.Cpu == cpu).SelectMany(static c => c.Slices)];

    private Task<List<TracePart>> TraceAsync(ulong milliseconds) => CollectAsync(Client, new TraceRequest { DurationNs = milliseconds * Millisecond });

    private static async Task<List<TracePart>> CollectAsync(Api.SchedulerClient client, TraceRequest request)
    {
        List<TracePart> parts = [];
        using AsyncServerStreamingCall<TracePart> call = client.Trace(request);
        while (await call.ResponseStream.MoveNext(CancellationToken.None))
            parts.Add(call.ResponseStream.Current);
        return parts;
    }
}
