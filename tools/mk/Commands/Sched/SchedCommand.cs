using System;
using System.CommandLine;
using System.Globalization;
using System.Linq;
using System.Threading.Tasks;
using Mk.Control;
using Microkernel.Protos.Scheduler;

namespace Mk.Commands;

/// <summary><c>mk sched</c>: how guests share the CPUs.</summary>
public static class SchedCommand
{
    private const string Head = "Name                                ID Weight  Cap Prio Budget   Period   Extra Inter Pin      Pool";

    /// <summary>The command for the command line's parser.</summary>
    public static Command Create() => new("sched", "Show and set how domains share the CPUs: policies, pools of CPUs, and what each domain is to have.")
    {
        CreateList(), CreateShow(), SchedSetCommand.Create(), CreateSwap(), SchedPoolsCommand.Create(), CreateTop(), SchedTraceCommand.Create(),
    };

    private static Command CreateList()
    {
        Option<bool> json = SystemCommand.JsonOption();
        var command = new Command("list", "List the policies that there are, and where each is in force.") { json };
        command.SetSystemAction((parsed, system) => ListAsync(system, parsed.GetValue(json)));
        return command;
    }

    private static Command CreateShow()
    {
        Option<bool> json = SystemCommand.JsonOption();
        var command = new Command("show", "Show pools and policies, what each domain is to have, and what of that its policy cannot honour.") { json };
        command.SetSystemAction((parsed, system) => ShowAsync(system, parsed.GetValue(json)));
        return command;
    }

    private static Command CreateSwap()
    {
        var policy = new Argument<string>("POLICY") { Description = "One of those of 'mk sched list'" };
        var pool = new Option<string>("--pool", "-p") { Description = "The pool (default: default)", DefaultValueFactory = static _ => "", HelpName = "POOL" };
        var command = new Command("swap", "Change the policy of a pool while its guests run. Domains keep what was set for them.") { policy, pool };
        command.SetSystemAction(async (parsed, system) =>
        {
            var request = new SetPolicyRequest { Policy = parsed.GetValue(policy), Pool = parsed.GetValue(pool) };
            SetPolicyResponse response = await system.RepeatAsync(options => system.Scheduler.SetPolicyAsync(request, options));
            Say.Line(string.Create(CultureInfo.InvariantCulture, $"{request.Policy} is in force ({response.DurationNs / 1e6:0.0} ms)"));
        });
        return command;
    }

    private static Command CreateTop() => TopCommand.Create(
        "top",
        "Show the vCPUs' time on CPUs, waits and wake-up latency, live. 'q' or Ctrl-C leaves.",
        static () =>
        {
            var view = new SchedTopView();
            return async system =>
            {
                GetUsageResponse usage = await system.RepeatAsync(options => system.Scheduler.GetUsageAsync(new GetUsageRequest(), options));
                return view.Update(usage, await DomainNames.ReadAsync(system));
            };
        });

    private static async Task ListAsync(SystemConnection system, bool isJson)
    {
        GetPolicyResponse found = await SchedPoolsCommand.ReadAsync(system);
        var rows = found.Available.Select(name => new { Name = name, Pools = found.Pools.Where(p => p.Policy == name).Select(static p => p.Pool).ToList() }).ToList();
        if (isJson)
        {
            Json.Print(rows);
            return;
        }

        Console.WriteLine("Policy       In force in");
        foreach (var row in rows)
            Console.WriteLine($"{row.Name,-12} {(row.Pools.Count > 0 ? string.Join(", ", row.Pools) : "-")}");
    }

    private static async Task ShowAsync(SystemConnection system, bool isJson)
    {
        GetPolicyResponse policy = await SchedPoolsCommand.ReadAsync(system);
        GetParametersResponse parameters = await system.RepeatAsync(options => system.Scheduler.GetParametersAsync(new GetParametersRequest(), options));
        DomainNames names = await DomainNames.ReadAsync(system);
        if (isJson)
        {
            Json.Print(new { Pools = policy.Pools.Select(SchedPoolsCommand.ForJson), Domains = parameters.Domains.Select(d => ForJson(d, names)) });
            return;
        }

        SchedPoolsCommand.Print(policy);
        Console.WriteLine(Head);
        foreach (DomainParameters domain in parameters.Domains)
        {
            Console.WriteLine(Row(domain, names.Of(domain.Domain)));
            foreach (string missed in domain.Unhonoured)
                Console.WriteLine($"    not honoured: {missed}");
        }
    }

    private static string Row(DomainParameters d, string name) => string.Create(
        CultureInfo.InvariantCulture,
        $"{name,-33} {d.Domain,4} {d.Weight,6} {d.Cap,4} {d.Priority,4} {Time(d.HasBudgetNs, d.BudgetNs),-8} {Time(d.HasBudgetNs, d.PeriodNs),-8} {(d.GetsExtraTime ? "yes" : "no"),-5} {(d.IsInteractive ? "yes" : "no"),-5} {SchedText.Mask(d.Pin),-8} {(d.IsService ? "(service)" : d.Pool)}");

    private static string Time(bool isSet, ulong ns) => isSet ? SchedText.Time(ns) : "-";

    private static object ForJson(DomainParameters d, DomainNames names) => new
    {
        Name = names.Of(d.Domain),
        d.Domain,
        d.Weight,
        d.Cap,
        d.Priority,
        BudgetSeconds = d.HasBudgetNs ? Json.Seconds(d.BudgetNs) : (double?)null,
        PeriodSeconds = d.HasBudgetNs ? Json.Seconds(d.PeriodNs) : (double?)null,
        ExtraTime = d.GetsExtraTime,
        d.IsInteractive,
        Pin = SchedText.Mask(d.Pin),
        d.Pool,
        d.IsService,
        d.Unhonoured,
    };
}
