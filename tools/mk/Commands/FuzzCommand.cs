using System;
using System.CommandLine;
using System.Threading.Tasks;
using Mk.Fuzz;
using Mk.Machine;
using Mk.Terminal;

namespace Mk.Commands;

/// <summary><c>mk fuzz</c>: a guest that throws everything at the core, beside one that must not notice.</summary>
public sealed class FuzzCommand
{
    private readonly Option<long> _calls = new("--calls") { Description = "How many calls", DefaultValueFactory = static _ => 200_000, HelpName = "N" };
    private readonly Option<long> _seed = new("--seed") { Description = "The seed of the random numbers (default: from the clock; it is printed)", DefaultValueFactory = static _ => Environment.TickCount64 & int.MaxValue, HelpName = "S" };
    private readonly Option<int> _bits = new("--bits") { Description = "Width of the fuzzing guest", DefaultValueFactory = static _ => 64, HelpName = "64|32" };
    private readonly MachineFlags _machine;

    private FuzzCommand(Command command)
    {
        _calls.Validators.Add(static r =>
        {
            if (r.GetValueOrDefault<long>() is < 1 or > uint.MaxValue)
                r.AddError("--calls is out of range (1 to 4294967295)");
        });
        _bits.Validators.Add(static r =>
        {
            if (r.GetValueOrDefault<int>() is not (64 or 32))
                r.AddError("--bits is 64 or 32");
        });
        command.Add(_calls);
        command.Add(_seed);
        command.Add(_bits);
        _machine = new MachineFlags(command);
        command.SetAction((parsed, _) => RunAsync(parsed));
    }

    /// <summary>The command for the command line's parser.</summary>
    public static Command Create()
    {
        var command = new Command("fuzz", "Run the fuzzing guest beside a normal one: the core must live and the normal guest must not notice.");
        _ = new FuzzCommand(command);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed)
    {
        CoreImage.Ensure();
        TestGuests.Build();
        long seed = parsed.GetValue(_seed), calls = parsed.GetValue(_calls);
        Say.Line($"{calls:N0} calls with seed {seed}; the log is in {FuzzRun.DefaultLog}");
        await using Session session = FuzzRun.Start(_machine.Read(parsed, 0), parsed.GetValue(_bits), seed, calls, FuzzRun.DefaultLog);
        using Signals signals = session.StopOnSignals();
        try
        {
            await FuzzRun.FollowAsync(session, Console.WriteLine);
        }
        catch (SessionException e)
        {
            session.ThrowIfSignalled();
            RunResult result = await StopAsync(session);
            Console.WriteLine($"fuzzing with seed {seed} failed: {e.Message}");
            return (int)(result.Code == ExitCode.Interrupted ? ExitCode.GuestCrashed : result.Code);
        }
        Console.WriteLine($"{calls:N0} calls with seed {seed}: the core lives, the neighbour is well");
        return (int)ExitCode.Success;
    }

    private static async Task<RunResult> StopAsync(Session session)
    {
        session.Stop("fuzzing failed");
        return await session.Completion;
    }
}
