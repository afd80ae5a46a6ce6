using System;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Microkernel.Services;

namespace Microkernel.ServiceProbe;

/// <summary>
/// Runs the checks and ends; with the words "crash" or "exit" it ends in another way, with "wait" it goes on until it is stopped.
/// </summary>
internal static class Program
{
    private static int Main(string[] arguments) => ServiceHost.Run("service-probe", arguments, RunAsync);

    private static async Task RunAsync(ServiceHost host)
    {
        await Checks.RunAsync(host);
        if (host.Arguments.Contains("crash"))
            new Thread(static () => throw new InvalidDataException("crash on purpose")).Start();
        if (host.Arguments.Contains("exit"))
            Environment.Exit(3);
        if (host.Arguments.Contains("hang"))
            host.StartWatchdog(TimeSpan.FromSeconds(2), static () => false);
        if (host.Arguments.Any(static word => word is "wait" or "crash" or "hang"))
            await Task.Delay(Timeout.InfiniteTimeSpan, host.Stopping).ContinueWith(static _ => { }, TaskScheduler.Default);
    }
}
