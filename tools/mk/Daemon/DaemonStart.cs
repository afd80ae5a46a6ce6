using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Mk.Control;

namespace Mk.Daemon;

/// <summary>Starts the daemon for a <see cref="StartPlan"/> that is written, and waits until the system is up.</summary>
public static class DaemonStart
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(30);

    /// <summary>Starts it.</summary>
    /// <param name="say">Receives each step of the start with its time.</param>
    /// <param name="interrupted">Ends the system again.</param>
    /// <exception cref="MkException">It is not up; everything of it is ended, and the message says why.</exception>
    public static async Task RunAsync(Action<string> say, CancellationToken interrupted)
    {
        using Process daemon = Launch();
        ProcessIdentity? identity = ProcessIdentity.Of(daemon.Id);
        int position = 0;
        while (true)
        {
            bool hasEnded = daemon.HasExited;
            foreach (StartStep step in StartProgress.ReadOn(ref position))
            {
                if (step.End is null or ExitCode.Success)
                    say(string.Create(CultureInfo.InvariantCulture, $"{step.Seconds,6:0.00} s  {step.Text}"));
                if (step.End == ExitCode.Success)
                    return;
                if (step.End is { } end)
                    throw await FailedAsync(daemon, end, step.Text);
            }
            if (hasEnded)
                throw new MkException(ExitCode.NoSystem, $"the daemon ended during the start:\n{Tail(SystemFolder.DaemonLog)}");
            if (interrupted.IsCancellationRequested)
                identity?.Signal(ProcessIdentity.Terminate);
            await Task.Delay(LookAgain, CancellationToken.None);
        }
    }

    /// <summary>In a session of its own, so that neither this terminal's keys nor its end reach it.</summary>
    private static Process Launch()
    {
        string dotnet = Path.GetFileName(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : "dotnet";
        string[] command =
        [
            "-c", "exec setsid \"$@\" </dev/null >\"$0\" 2>&1", SystemFolder.DaemonLog,
            dotnet, typeof(DaemonStart).Assembly.Location, "daemon",
        ];
        return Process.Start(new ProcessStartInfo("/bin/sh", command) { WorkingDirectory = SystemFolder.Path })!;
    }

    private static async Task<MkException> FailedAsync(Process daemon, ExitCode code, string reason)
    {
        await daemon.WaitForExitAsync(CancellationToken.None);
        if (code == ExitCode.Interrupted)
            return new MkException(code, "interrupted");
        string log = SystemFolder.LogOf(SystemFolder.Core);
        return new MkException(code, $"{reason}\nthe end of the core's log ({log}; the services' are beside it):\n{Tail(log)}");
    }

    private static string Tail(string file)
    {
        const int Lines = 15;
        return File.Exists(file) ? string.Join('\n', File.ReadLines(file).TakeLast(Lines)) : "(nothing)";
    }
}
