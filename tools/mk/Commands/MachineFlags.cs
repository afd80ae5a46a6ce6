using System;
using System.CommandLine;
using System.Linq;
using Mk.Machine;

namespace Mk.Commands;

/// <summary>The flags of every command that boots a machine.</summary>
public sealed class MachineFlags
{
    private readonly Option<long?> _memory = new("--memory") { Description = "The host's memory in MiB (default: 3072, or what the guests need)", HelpName = "MIB" };
    private readonly Option<int> _cpus = new("--cpus") { Description = "The host's CPUs that run guests", DefaultValueFactory = static _ => 2, HelpName = "N" };
    private readonly Option<int?> _icount = new("--icount") { Description = "Count instructions: each takes 2^N ns of the guest's time (0 without N)", Arity = ArgumentArity.ZeroOrOne, HelpName = "N", CustomParser = static r => r.Tokens.Count == 0 ? 0 : Shift(r) };
    private readonly Option<string> _qemu = new("--qemu") { Description = "QEMU's program", DefaultValueFactory = static _ => new MachineOptions().Qemu, HelpName = "PATH" };
    private readonly Option<string> _cpu = new("--cpu") { Description = "QEMU's CPU model", DefaultValueFactory = static _ => new MachineOptions().Cpu, HelpName = "MODEL" };
    private readonly Option<double?> _timeout;
    private readonly Option<string[]> _coreOptions = new("--core-option") { Description = "A word of the core's command line, such as mitigations=off (repeatable)", HelpName = "TEXT" };

    /// <summary>Adds the flags to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="timeout">What its time limit is for.</param>
    public MachineFlags(Command command, string timeout = "End the run after this many seconds (exit code 4)")
    {
        _timeout = new("--timeout") { Description = timeout, HelpName = "SECONDS" };
        _cpus.Validators.Add(static r => Require(r, r.GetValueOrDefault<int>() is >= 1 and <= 255, "is out of range (1 to 255)"));
        _memory.Validators.Add(static r => Require(r, r.GetValueOrDefault<long?>() is null or (>= 64 and <= 1 << 20), "is out of range (64 to 1048576)"));
        _timeout.Validators.Add(static r => Require(r, r.GetValueOrDefault<double?>() is null or (> 0 and <= 1e6), "is out of range"));
        foreach (Option option in new Option[] { _memory, _cpus, _icount, _qemu, _cpu, _timeout, _coreOptions })
            command.Add(option);
    }

    /// <summary>The machine that the flags ask for.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="neededMiB">Memory that guests and modules take, in MiB.</param>
    public MachineOptions Read(ParseResult parsed, long neededMiB) => new()
    {
        Qemu = parsed.GetValue(_qemu)!,
        Cpu = parsed.GetValue(_cpu)!,
        Cpus = parsed.GetValue(_cpus),
        MemoryMiB = parsed.GetValue(_memory) ?? Math.Max(new MachineOptions().MemoryMiB, neededMiB),
        Icount = parsed.GetResult(_icount) is null ? null : parsed.GetValue(_icount),
        CoreOptions = [.. (parsed.GetValue(_coreOptions) ?? []).SelectMany(static o => o.Split(' ', StringSplitOptions.RemoveEmptyEntries))],
        TimeLimit = parsed.GetValue(_timeout) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
    };

    private static int? Shift(System.CommandLine.Parsing.ArgumentResult result)
    {
        if (int.TryParse(result.Tokens[0].Value, out int shift) && shift is >= 0 and <= 10)
            return shift;
        result.AddError($"--icount {result.Tokens[0].Value}: a number from 0 to 10 is wanted (files go before this flag)");
        return null;
    }

    private static void Require(System.CommandLine.Parsing.OptionResult result, bool holds, string words)
    {
        if (!holds)
            result.AddError($"{result.IdentifierToken?.Value} {words}");
    }
}
