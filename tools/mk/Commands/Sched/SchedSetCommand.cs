using System.CommandLine;
using System.CommandLine.Parsing;
using System.Linq;
using System.Threading.Tasks;
using Mk.Control;
using Microkernel.Protos.Scheduler;

namespace Mk.Commands;

/// <summary><c>mk sched set</c>: what a domain is to have, whatever the policy.</summary>
public sealed class SchedSetCommand
{
    private readonly Option<string> _domain = new("--domain", "-d") { Description = "The guest, by name or number; or a service", Required = true, HelpName = "GUEST" };
    private readonly Option<uint?> _weight = new("--weight", "-w") { Description = "Share beside the others', 1 to 65535; 256 is usual", HelpName = "N" };
    private readonly Option<uint?> _cap = new("--cap", "-c") { Description = "The most, in percent of one CPU; 0 for no limit", HelpName = "PERCENT" };
    private readonly Option<ulong?> _budget = Time("--budget", "-b", "Time for each vCPU in each period: microseconds, or with a unit (2.5ms); 0 takes it back");
    private readonly Option<ulong?> _period = Time("--period", "-p", "The period of the budget; 10ms if there is none");
    private readonly Option<string> _extra = Switch("--extratime", "-e", "Whether it may have more than its budget");
    private readonly Option<uint?> _priority = new("--priority") { Description = "Whose budget goes first: 0 to 3, higher first", HelpName = "N" };
    private readonly Option<string> _interactive = Switch("--interactive", "-i", "Whether people wait for it");
    private readonly Option<ulong?> _pin = new("--pin") { Description = "CPUs that it may run on, such as 1,3-5 or 1-7,^4 or all", HelpName = "CPUS", CustomParser = ParsePin };
    private readonly Option<string> _pool = new("--pool") { Description = "Its pool", HelpName = "POOL" };

    private Option[] Settings => [_weight, _cap, _budget, _period, _extra, _priority, _interactive, _pin, _pool];

    /// <summary>The command for the command line's parser.</summary>
    public static Command Create()
    {
        var set = new SchedSetCommand();
        var command = new Command("set", "Set what a domain is to have. It stays until the guest is destroyed, whatever the policy, and over its restarts; a service's weight until the service ends.") { set._domain };
        foreach (Option option in set.Settings)
            command.Add(option);
        command.Validators.Add(result =>
        {
            if (set.Settings.All(option => result.GetResult(option) is null or { Implicit: true }))
                result.AddError("nothing to set: give --weight, --cap, --budget, --period, --extratime, --priority, --interactive, --pin or --pool");
        });
        command.SetSystemAction(set.RunAsync);
        return command;
    }

    private static Option<ulong?> Time(string name, string letter, string description) => new(name, letter)
    {
        Description = description,
        HelpName = "TIME",
        CustomParser = static result =>
        {
            if (SchedText.TryParseTime(result.Tokens[0].Value, out ulong ns))
                return ns;
            result.AddError($"'{result.Tokens[0].Value}' is no time: write microseconds, or a number with a unit, such as 2.5ms");
            return null;
        },
    };

    private static Option<string> Switch(string name, string letter, string description)
    {
        var option = new Option<string>(name, letter) { Description = description + ": 1 or 0", HelpName = "0|1" };
        option.AcceptOnlyFromAmong("0", "1");
        return option;
    }

    private static ulong? ParsePin(ArgumentResult result)
    {
        string word = result.Tokens[0].Value;
        if (SchedText.TryParsePin(word, out ulong pin))
            return pin;
        result.AddError($"'{word}' is no set of CPUs: write it as 1,3-5, 1-7,^4 or all");
        return null;
    }

    private async Task RunAsync(ParseResult parsed, SystemConnection system)
    {
        var wanted = new DomainParameters { Domain = await DomainNames.FindAsync(system, parsed.GetValue(_domain)!) };
        if (parsed.GetValue(_weight) is { } weight)
            wanted.Weight = weight;
        if (parsed.GetValue(_cap) is { } cap)
            wanted.Cap = cap;
        if (parsed.GetValue(_budget) is { } budget)
            wanted.BudgetNs = budget;
        if (parsed.GetValue(_period) is { } period)
            wanted.PeriodNs = period;
        if (parsed.GetValue(_extra) is { } extra)
            wanted.GetsExtraTime = extra == "1";
        if (parsed.GetValue(_priority) is { } priority)
            wanted.Priority = priority;
        if (parsed.GetValue(_interactive) is { } interactive)
            wanted.IsInteractive = interactive == "1";
        if (parsed.GetValue(_pin) is { } pin)
            wanted.Pin = pin;
        if (parsed.GetValue(_pool) is { } pool)
            wanted.Pool = pool;
        SetParametersResponse set = await system.RepeatAsync(options =>
            system.Scheduler.SetParametersAsync(new SetParametersRequest { Parameters = wanted }, options));
        foreach (string missed in set.Parameters.Unhonoured)
            Say.Line($"set, but not honoured now: {missed}");
    }
}
