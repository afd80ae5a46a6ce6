using System;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Microkernel.Services;

namespace Microkernel.ServiceProbe;

/// <summary>
/// Runs the checks, or with the word "peers" those of <see cref="Peers"/>, and ends; with the words "crash", "exit" or "hang" in another way,
/// with "wait" only when it is stopped.
/// </summary>
internal static class Program
{
    private static int Main(string[] arguments) => ServiceHost.Run("service-probe", arguments, RunAsync);

    private static async Task RunAsync(ServiceHost host)
    {
        if (host.Arguments.Contains("peers"))
            await Peers.RunAsync(host);
        else
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
