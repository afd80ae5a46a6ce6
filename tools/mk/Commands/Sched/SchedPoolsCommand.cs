using System;
using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Linq;
using System.Threading.Tasks;
using Mk.Control;
using Microkernel.Protos.Scheduler;

namespace Mk.Commands;

/// <summary><c>mk sched pools</c>: sets of CPUs with a policy of their own.</summary>
public static class SchedPoolsCommand
{
    /// <summary>The command for the command line's parser.</summary>
    public static Command Create()
    {
        Option<bool> json = SystemCommand.JsonOption();
        var command = new Command("pools", "List the pools of CPUs, and make and destroy them.") { json, CreateSet("create"), CreateSet("change"), CreateDestroy() };
        command.SetSystemAction((parsed, system) => ListAsync(system, parsed.GetValue(json)));
        return command;
    }

    /// <summary>Asks for the policies and the pools.</summary>
    public static Task<GetPolicyResponse> ReadAsync(SystemConnection system) =>
        system.RepeatAsync(options => system.Scheduler.GetPolicyAsync(new GetPolicyRequest(), options));

    /// <summary>Prints the pools.</summary>
    public static void Print(GetPolicyResponse policy)
    {
        foreach (PoolPolicy pool in policy.Pools)
        {
            Console.WriteLine($"Cpupool {pool.Pool}: sched={pool.Policy} cpus={SchedText.Cpus(pool.Cpus)}{(pool.HasFloors ? " (services have a floor here)" : "")}");
            foreach (string note in pool.Notes)
                Console.WriteLine($"    {note}");
            if (pool.LastFailure.Length > 0)
                Console.WriteLine($"    {pool.LastFailure}");
        }
    }

    /// <summary>A pool for programs.</summary>
    public static object ForJson(PoolPolicy pool) =>
        new { Name = pool.Pool, pool.Policy, pool.Previous, pool.Cpus, pool.HasFloors, pool.Notes, LastFailure = pool.LastFailure.Length > 0 ? pool.LastFailure : null };

    private static Command CreateSet(string verb)
    {
        bool isNew = verb == "create";
        var name = new Argument<string>("POOL") { Description = "The pool's name" };
        var cpus = new Option<IReadOnlyList<uint>>("--cpus", "-c") { Description = "All CPUs of the pool, such as 1,3-5", Required = true, HelpName = "CPUS", CustomParser = ParseCpus };
        var policy = new Option<string>("--policy", "-s") { Description = "Its policy (default: credit2, or the one that it has)", DefaultValueFactory = static _ => "", HelpName = "POLICY" };
        var command = new Command(verb, isNew ? "Make a pool of CPUs of the default pool." : "Give a pool other CPUs, of its own and of the default pool.") { name, cpus, policy };
        command.SetSystemAction(async (parsed, system) =>
        {
            string pool = parsed.GetValue(name)!;
            if (await ExistsAsync(system, pool) == isNew)
                throw new MkException(ExitCode.Usage, isNew ? $"there is a pool '{pool}': 'mk sched pools change' gives it other CPUs" : $"there is no pool '{pool}': 'mk sched pools create' makes one");
            var request = new SetPoolRequest { Pool = pool, Cpus = { parsed.GetValue(cpus) }, Policy = parsed.GetValue(policy) };
            await system.RepeatAsync(options => system.Scheduler.SetPoolAsync(request, options));
        });
        return command;
    }

    private static Command CreateDestroy()
    {
        var name = new Argument<string>("POOL") { Description = "A pool without guests" };
        var command = new Command("destroy", "Give a pool's CPUs back to the default pool.") { name };
        command.SetSystemAction((parsed, system) => system.RepeatAsync(options =>
            system.Scheduler.DeletePoolAsync(new DeletePoolRequest { Pool = parsed.GetValue(name) }, options)));
        return command;
    }

    private static async Task<bool> ExistsAsync(SystemConnection system, string pool) =>
        (await ReadAsync(system)).Pools.Any(other => other.Pool == pool);

    private static async Task ListAsync(SystemConnection system, bool isJson)
    {
        GetPolicyResponse found = await ReadAsync(system);
        if (isJson)
            Json.Print(found.Pools.Select(ForJson));
        else
            Print(found);
    }

    private static IReadOnlyList<uint> ParseCpus(ArgumentResult result)
    {
        if (SchedText.TryParseCpus(result.Tokens[0].Value, out IReadOnlyList<uint> cpus))
            return cpus;
        result.AddError($"'{result.Tokens[0].Value}' is no set of CPUs: write it as 1,3-5");
        return [];
    }
}
