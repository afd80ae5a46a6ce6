using System;
using System.Buffers.Binary;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Google.Protobuf;
using Microkernel.Protos.Health;
using Microkernel.Services;
using Microkernel.Xen;
using Polly;
using Polly.Retry;

namespace Microkernel.ServiceProbe;

/// <summary>Each uses one thing that services stand on; the first that fails ends the probe.</summary>
internal static class Checks
{
    /// <summary>The first guest of a host. A core with service_op says it itself.</summary>
    private const ushort OwnId = 1;

    internal static async Task RunAsync(ServiceHost host)
    {
        Check(host, "protobuf", Protobuf);
        await RetryAsync();
        host.Log.Info("polly: ok");
        Check(host, "threads", Threads);
        await TimersAsync();
        host.Log.Info("timers: ok");
        Check(host, "version", () => host.Log.Info($"on {host.Own.Version()}{host.Own.ExtraVersion()}"));
        Check(host, "console", () => host.Own.WriteConsole("the probe writes to the log\n"u8));
        Check(host, "events", Events);
        Check(host, "dispatcher", Dispatcher);
        Check(host, "grants", Grants);
        Check(host, "errors", () => Errors(host));
        host.Log.Info($"memory: {Environment.WorkingSet / 1024} KiB here, {MemoryLeft()}");
        host.Log.Info("all checks done");
    }

    private static void Check(ServiceHost host, string name, Action check)
    {
        check();
        host.Log.Info($"{name}: ok");
    }

    private static void Protobuf()
    {
        var sent = new CheckResponse { Condition = Condition.Impaired, Reason = "none", UptimeNs = 7 };
        CheckResponse got = CheckResponse.Parser.ParseFrom(sent.ToByteArray());
        Require(got.Equals(sent) && got.ToString().Contains("CONDITION_IMPAIRED", StringComparison.Ordinal), "a message is not what it was");
    }

    private static async Task RetryAsync()
    {
        int tries = 0;
        ResiliencePipeline pipeline = new ResiliencePipelineBuilder()
            .AddRetry(new RetryStrategyOptions { MaxRetryAttempts = 3, Delay = TimeSpan.FromMilliseconds(1) })
            .AddTimeout(TimeSpan.FromSeconds(10))
            .Build();
        await pipeline.ExecuteAsync(_ => ++tries < 3 ? throw new IOException("not yet") : ValueTask.CompletedTask);
        Require(tries == 3, "not tried three times");
    }

    private static void Threads()
    {
        int sum = 0;
        Parallel.For(0, 100, i => Interlocked.Add(ref sum, i));
        var thread = new Thread(() => Interlocked.Add(ref sum, 50));
        thread.Start();
        thread.Join();
        Require(sum == 5000, "threads do not add up");
    }

    private static async Task TimersAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        for (int i = 0; i < 3; i++)
            Require(await timer.WaitForNextTickAsync(), "the timer ended");
        using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(5));
        await Task.Delay(Timeout.Infinite, limit.Token).ContinueWith(static _ => { }, TaskScheduler.Default);
    }

    private static void Events()
    {
        using EventPorts ports = EventPorts.Open();
        Span<uint> rung = stackalloc uint[4];
        uint first = ports.BindUnbound(Privcmd.Self);
        uint second = ports.BindInterdomain(Privcmd.Self, first);
        // The new end rings once by itself.
        Require(ports.Wait(rung, TimeSpan.FromSeconds(1)) == 1 && rung[0] == second, "a new channel does not ring");
        ports.Unmask(second);
        for (int i = 0; i < 3; i++)
        {
            ports.Notify(second);
            Require(ports.Wait(rung, TimeSpan.FromSeconds(1)) == 1 && rung[0] == first, "a channel does not ring");
            ports.Notify(second);
            Require(ports.Wait(rung, TimeSpan.FromMilliseconds(20)) == 0, "a masked channel rings");
            ports.Unmask(first);
            Require(ports.Wait(rung, TimeSpan.FromSeconds(1)) == 1 && rung[0] == first, "a ring while masked is lost");
            ports.Unmask(first);
        }
        ports.Interrupt();
        Require(ports.Wait(rung, TimeSpan.FromSeconds(30)) == 0, "an interrupt is no event");
        ports.Unbind(second);
    }

    private static void Dispatcher()
    {
        using var rung = new CountdownEvent(3);
        using EventDispatcher dispatcher = EventDispatcher.Start("events");
        uint first = dispatcher.BindUnbound(Privcmd.Self, () => rung.Signal());
        uint second = dispatcher.BindInterdomain(Privcmd.Self, first, static () => { });
        for (int left = 3; left > 0; left--)
        {
            dispatcher.Notify(second);
            Require(SpinWait.SpinUntil(() => rung.CurrentCount < left, TimeSpan.FromSeconds(1)), "the handler is not called");
        }
        dispatcher.Unbind(first);
    }

    private static void Grants()
    {
        using GrantAllocator allocator = GrantAllocator.Open();
        using GrantDevice device = GrantDevice.Open();
        using GrantedPages granted = allocator.Allocate(OwnId, 2, isWritable: true);
        using (MappedPages mapped = device.Map(OwnId, granted.References[0], granted.References[1]))
        {
            BinaryPrimitives.WriteUInt32LittleEndian(mapped.Bytes[Privcmd.PageSize..], 0x12345678);
            Require(BinaryPrimitives.ReadUInt32LittleEndian(granted.Bytes[Privcmd.PageSize..]) == 0x12345678, "a grant shows another page");
        }
        Refused(() => device.Map(OwnId, 7), "a grant that nobody gave");
    }

    private static void Errors(ServiceHost host)
    {
        XenException error = Refused(() => host.Privcmd.Call("do nothing", 200), "a hypercall that does not exist");
        Require(error.ErrorName == "ENOSYS" && error.Message.StartsWith("cannot do nothing: ENOSYS", StringComparison.Ordinal), error.Message);
        Refused(() => host.Privcmd.ResourceSize(Privcmd.Self, 0x8000, 99), "a ring that does not exist");
    }

    private static XenException Refused(Action action, string what)
    {
        try
        {
            action();
        }
        catch (XenException e)
        {
            return e;
        }
        throw new InvalidDataException(what + " is not refused");
    }

    private static string MemoryLeft() => string.Join(", ", File.ReadAllLines("/proc/meminfo")[..3]);

    private static void Require(bool isRight, string complaint)
    {
        if (!isRight)
            throw new InvalidDataException(complaint);
    }
}
