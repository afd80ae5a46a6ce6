using System.Threading;
using System.Threading.Tasks;
using Api = Microkernel.Protos.Console.Console;

namespace Microkernel.Services.QemuDm;

/// <summary>qemu-dm's domain.</summary>
internal static class Program
{
    private static int Main(string[] arguments) => ServiceHost.Run("qemu-dm", arguments, RunAsync);

    private static async Task RunAsync(ServiceHost host)
    {
        using XenConsoleLinks links = XenConsoleLinks.Open();
        using var service = new ConsoleService(links, ConsoleLimits.Normal);
        host.Connect("toolstack", services => Api.BindService(services, service));
        host.Serve();
        await Task.Delay(Timeout.Infinite, host.Stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
