using System;
using System.Linq;
using System.Threading.Tasks;
using Microkernel.Services;

namespace Microkernel.HostileService;

/// <summary>Takes the place of the service that a word of the command line names: "memory", "scheduler", "toolstack" or "qemu-dm".</summary>
internal static class Program
{
    private static int Main(string[] arguments) => ServiceHost.Run("hostile-service", arguments, RunAsync);

    private static Task RunAsync(ServiceHost host) => host.Arguments.First(static word => word is "memory" or "scheduler" or "toolstack" or "qemu-dm") switch
    {
        "memory" => new HostileMemory(host).RunAsync(),
        "scheduler" => new HostileScheduler(host).RunAsync(),
        "toolstack" => new HostileToolstack(host).RunAsync(),
        _ => new HostileConsole(host).RunAsync(),
    };
}
