using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Globalization;
using System.Linq;
using System.Threading.Tasks;
using Mk.Control;
using Api = Microkernel.Protos.Toolstack;
using SchedulerApi = Microkernel.Protos.Scheduler;

namespace Mk.Commands;

/// <summary><c>mk sched</c>: how guests share the CPUs.</summary>
public static class SchedCommand
{
    /// <summary>The command for the command line's parser.</summary>
    public static Command Create() => new("sched", "Show and set how domains share the CPUs (credit2: weight and cap).") { CreateShow(), CreateSet() };

    private static Command CreateShow()
    {
        Option<bool> json = SystemCommand.JsonOption();
        var command = new Command("show", "Show the policy, and each domain's weight and cap.") { json };
        command.SetSystemAction((parsed, system) => ShowAsync(system, parsed.GetValue(json)));
        return command;
    }

    private static Command CreateSet()
    {
        var guest = new Option<string>("--domain", "-d") { Description = "The guest, by name or number", Required = true, HelpName = "GUEST" };
        var weight = new Option<uint?>("--weight", "-w") { Description = "Share beside the others', 1 to 65535; 256 is usual", HelpName = "N" };
        var cap = new Option<uint?>("--cap", "-c") { Description = "The most, in percent of one CPU; 0 for no limit", HelpName = "PERCENT" };
        var command = new Command("set", "Set a guest's weight or cap.") { guest, weight, cap };
        command.Validators.Add(result =>
        {
            if (result.GetValue(weight) is null && result.GetValue(cap) is null)
                result.AddError("nothing to set: give --weight or --cap");
        });
        command.SetSystemAction((parsed, system) => SetAsync(system, parsed.GetValue(guest)!, parsed.GetValue(weight), parsed.GetValue(cap)));
        return command;
    }

    private static async Task ShowAsync(SystemConnection system, bool isJson)
    {
        SchedulerApi.GetPolicyResponse policy = await system.RepeatAsync(options => system.Scheduler.GetPolicyAsync(new SchedulerApi.GetPolicyRequest(), options));
        SchedulerApi.GetParametersResponse parameters = await system.RepeatAsync(options => system.Scheduler.GetParametersAsync(new SchedulerApi.GetParametersRequest(), options));
        Dictionary<uint, string> names = (await GuestList.ReadAsync(system)).ToDictionary(static g => g.Domain, static g => g.Name);
        var rows = parameters.Domains.Select(d => new { Name = names.GetValueOrDefault(d.Domain, "(service)"), d.Domain, d.Weight, d.Cap }).ToList();
        if (isJson)
        {
            Json.Print(new { Pools = policy.Pools.Select(static p => new { Name = p.Pool, p.Policy, p.Cpus }), Domains = rows });
            return;
        }
        foreach (SchedulerApi.PoolPolicy pool in policy.Pools)
            Console.WriteLine($"Cpupool {pool.Pool}: sched={pool.Policy} cpus={string.Join(',', pool.Cpus)}");
        Console.WriteLine("Name                                ID Weight  Cap");
        foreach (var row in rows)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{row.Name,-33} {row.Domain,4} {row.Weight,6} {row.Cap,4}"));
    }

    private static async Task SetAsync(SystemConnection system, string word, uint? weight, uint? cap)
    {
        Api.GuestInfo guest = await GuestNames.FindAsync(system, word);
        var wanted = new SchedulerApi.DomainParameters { Domain = guest.Domain };
        if (weight is { } share)
            wanted.Weight = share;
        if (cap is { } most)
            wanted.Cap = most;
        await system.RepeatAsync(options => system.Scheduler.SetParametersAsync(new SchedulerApi.SetParametersRequest { Parameters = wanted }, options));
    }
}
