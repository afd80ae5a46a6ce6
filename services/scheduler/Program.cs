using System;
using System.Threading;
using System.Threading.Tasks;
using Microkernel.Xen;
using Api = Microkernel.Protos.Scheduler.Scheduler;

namespace Microkernel.Services.Scheduler;

/// <summary>The scheduler's domain.</summary>
internal static class Program
{
    private const int UnkeptSize = 64 << 10;

    private static int Main(string[] arguments) => ServiceHost.Run("scheduler", arguments, RunAsync);

    private static async Task RunAsync(ServiceHost host)
    {
        using KeptPages? pages = host.Info.KeptPages > 0 ? new KeptPages(host.Calls.MapKept(host.Info)) : null;
        if (pages is null)
            host.Log.Error("the manifest gives the scheduler no kept memory: its own end makes it forget pools and parameters");
        var kept = new KeptStore(pages ?? (KeptMemory)new ArrayKeptMemory(UnkeptSize));
        var engine = new SchedulerEngine(new XenSchedulingCore(host), kept, new EngineOptions(), host.Log.Warning);
        var service = new SchedulerService(engine);
        host.Connect("toolstack", services => Api.BindService(services, service));
        host.Serve();
        await KeepAsync(host, engine).ConfigureAwait(false);
    }

    private static async Task KeepAsync(ServiceHost host, SchedulerEngine engine)
    {
        while (!host.Stopping.IsCancellationRequested)
        {
            TimeSpan epoch = engine.RunEpoch();
            if (engine.HasRunaway)
            {
                host.Log.Warning("a policy does not end: this service starts again to get rid of it; contexts hold meanwhile");
                return;
            }

            await Task.Delay(epoch, host.Stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
