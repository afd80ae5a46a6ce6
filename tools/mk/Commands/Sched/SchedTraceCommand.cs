using System;
using System.CommandLine;
using System.Globalization;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Protos.Scheduler;
using Mk.Control;
using Mk.Terminal;
using Mk.Tracing;

namespace Mk.Commands;

/// <summary><c>mk sched trace</c>: who runs on which CPU for some seconds, for Perfetto's viewer and as a picture.</summary>
public sealed class SchedTraceCommand
{
    private const double Shortest = 0.01, Longest = 600;
    private const long NsPerSecond = 1_000_000_000;

    private readonly Argument<string[]> _files = new("FILE")
    {
        Description = "NAME.json is a trace for Perfetto's viewer (ui.perfetto.dev), NAME.svg a picture; one or both",
        Arity = new ArgumentArity(1, 2),
    };

    private readonly Option<double> _seconds = new("--seconds", "-s") { Description = "How long", DefaultValueFactory = static _ => 5, HelpName = "N" };

    private SchedTraceCommand(Command command)
    {
        _files.Validators.Add(result =>
        {
            if (TraceFiles.Check(result.GetValueOrDefault<string[]>()) is { } wrong)
                result.AddError(wrong);
        });
        _seconds.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double>() is not (>= Shortest and <= Longest))
                result.AddError(string.Create(CultureInfo.InvariantCulture, $"--seconds is out of range ({Shortest} to {Longest})"));
        });
        command.Add(_files);
        command.Add(_seconds);
        command.SetAction((parsed, _) => RunAsync(parsed.GetValue(_files)!, (long)(parsed.GetValue(_seconds) * NsPerSecond)));
    }

    /// <summary>The command for the command line's parser.</summary>
    public static Command Create()
    {
        var command = new Command("trace", "Write down who runs on which CPU, and who waits, for some seconds. Ctrl-C ends it early and keeps what there is.");
        _ = new SchedTraceCommand(command);
        return command;
    }

    private static async Task<int> RunAsync(string[] files, long durationNs)
    {
        using var leaving = new CancellationTokenSource();
        using var signals = new Signals(_ => leaving.Cancel());
        return await SystemCommand.RunAsync(CancellationToken.None, async system =>
        {
            SchedTrace trace = await ProgressScreen.RunAsync(isQuiet: false, async progress =>
            {
                SchedTrace found = await RecordAsync(system, durationNs, progress, leaving.Token);
                foreach (string file in files)
                {
                    progress($"writing {file}", 0);
                    TraceFiles.Write(found, file);
                    progress($"writing {file}", 1);
                }

                return found;
            });
            Say.Line($"{string.Join(", ", files)}: {TraceText.Summary(trace)}");
        });
    }

    private static async Task<SchedTrace> RecordAsync(SystemConnection system, long durationNs, Action<string, double> progress, CancellationToken leaving)
    {
        DomainNames before = await DomainNames.ReadAsync(system);
        var recording = new TraceRecording(durationNs);
        string step = string.Create(CultureInfo.InvariantCulture, $"tracing for {(double)durationNs / NsPerSecond:0.##} s");
        bool isWhole = await FollowAsync(system, durationNs, leaving, part =>
        {
            recording.Add(part);
            progress(step, recording.Done);
        });
        SchedTrace trace = recording.Finish(isWhole) ?? throw new MkException(ExitCode.Interrupted, "interrupted before there was anything to write: a trace takes a moment");
        progress(step, 1);
        // Who came meanwhile has a name now, and who went had one.
        DomainNames after = await ReadNamesAsync(system) ?? before;
        return trace.Named(domain => after.Find(domain) ?? before.Find(domain), DomainNames.IsService);
    }

    /// <summary>Takes what the scheduler sends.</summary>
    /// <returns>False if the operator did not want to wait for the end.</returns>
    private static async Task<bool> FollowAsync(SystemConnection system, long durationNs, CancellationToken leaving, Action<TracePart> take)
    {
        try
        {
            using AsyncServerStreamingCall<TracePart> call = await system.RepeatAsync(() => BeginAsync(system, durationNs, leaving));
            do
                take(call.ResponseStream.Current);
            while (await call.ResponseStream.MoveNext(leaving));
            return true;
        }
        catch (Exception e) when (leaving.IsCancellationRequested && e is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled })
        {
            return false;
        }
    }

    /// <summary>Begins a trace; done when its first part is here.</summary>
    private static async Task<AsyncServerStreamingCall<TracePart>> BeginAsync(SystemConnection system, long durationNs, CancellationToken leaving)
    {
        var request = new TraceRequest { DurationNs = (ulong)durationNs };
        AsyncServerStreamingCall<TracePart> call = system.Scheduler.Trace(request, new CallOptions(cancellationToken: leaving));
        try
        {
            return await call.ResponseStream.MoveNext(leaving) ? call : throw new MkException(ExitCode.NoSystem, "the scheduler has sent no trace: try again; 'mk service list' says whether it runs");
        }
        catch
        {
            call.Dispose();
            throw;
        }
    }

    private static async Task<DomainNames?> ReadNamesAsync(SystemConnection system)
    {
        try
        {
            return await DomainNames.ReadAsync(system);
        }
        catch (RpcException)
        {
            return null;
        }
    }
}
