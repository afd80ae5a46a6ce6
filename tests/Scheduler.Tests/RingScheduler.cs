using System;
using System.Threading;
using Microkernel.Rpc.Local;
using Api = Microkernel.Protos.Scheduler.Scheduler;

namespace Microkernel.Services.Scheduler.Tests;

/// <summary>The scheduler's service at the other end of a ring.</summary>
internal sealed class RingScheduler : IDisposable
{
    private readonly LocalRing _ring;

    /// <summary>Starts it.</summary>
    /// <param name="core">The core that it steers.</param>
    /// <param name="tracePeriod">How often a trace looks at the core.</param>
    internal RingScheduler(FakeCore core, TimeSpan tracePeriod = default)
    {
        Engine = new SchedulerEngine(
            core, new KeptStore(new ArrayKeptMemory(8192)), new EngineOptions { TimeLimit = Timeout.InfiniteTimeSpan }, static _ => { });
        var service = new SchedulerService(Engine) { TracePeriod = tracePeriod };
        _ring = new LocalRing(services => Api.BindService(services, service));
        Client = new Api.SchedulerClient(_ring.Invoker);
    }

    internal SchedulerEngine Engine { get; }

    internal Api.SchedulerClient Client { get; }

    public void Dispose() => _ring.Dispose();
}
