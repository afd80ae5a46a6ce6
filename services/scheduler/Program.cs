using System.Threading;
using System.Threading.Tasks;
using Api = Microkernel.Protos.Scheduler.Scheduler;

namespace Microkernel.Services.Scheduler;

/// <summary>The scheduler's domain.</summary>
internal static class Program
{
    private static int Main(string[] arguments) => ServiceHost.Run("scheduler", arguments, RunAsync);

    private static async Task RunAsync(ServiceHost host)
    {
        var service = new SchedulerService(new XenSchedulingCore(host.Privcmd));
        host.Connect("toolstack", services => Api.BindService(services, service));
        host.Serve();
        await Task.Delay(Timeout.Infinite, host.Stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
