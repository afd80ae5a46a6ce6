using System;
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Mk.Boot;
using Mk.Control;
using SupervisorApi = Microkernel.Protos.Supervisor;

namespace Mk.Commands;

/// <summary><c>mk service</c>: the services that make up the system.</summary>
public static class ServiceCommand
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RestartLimit = TimeSpan.FromSeconds(60);

    /// <summary>The command for the command line's parser.</summary>
    public static Command Create() => new("service", "Show, restart and end the system's services, and print their logs.")
    {
        CreateList(), CreateRestart(), CreateKill(), CreateLog(),
    };

    private static Argument<string> NameArgument() => new("SERVICE") { Description = "One of: " + string.Join(", ", SystemManifest.Services) };

    private static Command CreateList()
    {
        Option<bool> json = SystemCommand.JsonOption();
        var command = new Command("list", "List the services: their state, restarts, and why they ended last.") { json };
        command.SetSystemAction((parsed, system) => ListAsync(system, parsed.GetValue(json)));
        return command;
    }

    private static Command CreateRestart()
    {
        Argument<string> name = NameArgument();
        var command = new Command("restart", "Stop a service in order and start it again; done when it answers.") { name };
        command.SetSystemAction((parsed, system) => RestartAsync(system, parsed.GetValue(name)!));
        return command;
    }

    private static async Task RestartAsync(SystemConnection system, string name)
    {
        long start = Stopwatch.GetTimestamp();
        SupervisorApi.ServiceInfo? before = await FindAsync(system, name);
        try
        {
            await system.Supervisor.RestartAsync(new SupervisorApi.RestartRequest { Name = name }, system.Long);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Unavailable && before is not null)
        {
            // The way to the supervisor leads through what restarts.
            await AnswersAgainAsync(system, name, before.Restarts);
        }
        Say.Line(string.Create(CultureInfo.InvariantCulture, $"{name} answers again ({Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s)"));
    }

    private static async Task AnswersAgainAsync(SystemConnection system, string name, uint restarts)
    {
        long start = Stopwatch.GetTimestamp();
        while (await FindAsync(system, name) is not { State: SupervisorApi.ServiceState.Serving } found || found.Restarts <= restarts)
        {
            if (Stopwatch.GetElapsedTime(start) > RestartLimit)
                throw new MkException(ExitCode.TimeLimit, $"{name} does not answer again; 'mk service list' and 'mk service log {name}' may say why");
            await Task.Delay(LookAgain, system.Cancellation);
        }
    }

    private static async Task<SupervisorApi.ServiceInfo?> FindAsync(SystemConnection system, string name)
    {
        SupervisorApi.ListResponse list = await system.RepeatAsync(options => system.Supervisor.ListAsync(new SupervisorApi.ListRequest(), options));
        return list.Services.FirstOrDefault(s => s.Name == name);
    }

    private static Command CreateKill()
    {
        Argument<string> name = NameArgument();
        var panic = new Option<bool>("--panic") { Description = "By a panic of its own kernel instead of from outside: a crash, to see what follows" };
        var command = new Command("kill", "End a service's domain at once; its restart policy then applies.") { name, panic };
        command.SetSystemAction(async (parsed, system) => await system.Supervisor.KillAsync(
            new SupervisorApi.KillRequest { Name = parsed.GetValue(name)!, ByPanic = parsed.GetValue(panic) }, system.Brief));
        return command;
    }

    private static Command CreateLog()
    {
        Argument<string> name = NameArgument();
        name.AcceptOnlyFromAmong([SystemFolder.Core, .. SystemManifest.Services]);
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with what is printed from now on, until interrupted" };
        var command = new Command("log", "Print what a service has printed since the system's start; 'core' is the core.") { name, follow };
        command.SetAction((parsed, _) => PrintLogAsync(SystemFolder.LogOf(parsed.GetValue(name)!), parsed.GetValue(follow)));
        return command;
    }

    private static async Task ListAsync(SystemConnection system, bool isJson)
    {
        SupervisorApi.ListResponse list = await system.RepeatAsync(options => system.Supervisor.ListAsync(new SupervisorApi.ListRequest(), options));
        if (isJson)
        {
            Json.Print(list.Services.Select(static s => new
            {
                s.Name,
                s.Domain,
                State = s.State.ToString().ToLowerInvariant(),
                UptimeSeconds = Json.Seconds(s.UptimeNs),
                s.Restarts,
                s.MemoryBytes,
                LastEnd = s.LastEnd.Length > 0 ? s.LastEnd : null,
                RetryInSeconds = Json.Seconds(s.RetryInNs),
            }));
            return;
        }
        Console.WriteLine("Name                                ID   Mem State     Restarts  Uptime    Last end");
        foreach (SupervisorApi.ServiceInfo s in list.Services)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{s.Name,-33} {s.Domain,4} {s.MemoryBytes / MemorySize.MiB,5} {s.State.ToString().ToLowerInvariant(),-9} {s.Restarts,8}  {XlText.Uptime(s.UptimeNs),-9} {(s.LastEnd.Length > 0 ? s.LastEnd : "-")}"));
        }
    }

    /// <summary>From the daemon's file, so that it works when the service, or the whole system, does not.</summary>
    private static async Task<int> PrintLogAsync(string file, bool follow)
    {
        if (!File.Exists(file))
            throw new MkException(ExitCode.NoSystem, $"there is no {file}: no system has been started here; start one with: mk up");
        using var log = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using Stream output = Console.OpenStandardOutput();
        while (true)
        {
            // A log that got too long begins anew.
            if (log.Length < log.Position)
                log.Position = 0;
            await log.CopyToAsync(output, CancellationToken.None);
            await output.FlushAsync(CancellationToken.None);
            if (!follow || SystemState.Read() is not { Daemon.IsAlive: true })
                return (int)ExitCode.Success;
            await Task.Delay(LookAgain, CancellationToken.None);
        }
    }
}
