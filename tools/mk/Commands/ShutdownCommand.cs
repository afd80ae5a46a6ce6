using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using System.Threading.Tasks;
using Grpc.Core;
using Mk.Control;
using Api = Microkernel.Protos.Toolstack;

namespace Mk.Commands;

/// <summary><c>mk shutdown</c> and <c>mk reboot</c>: guests are asked to end, as by their power button.</summary>
public sealed class ShutdownCommand
{
    private readonly Argument<string[]> _guests = SystemCommand.GuestsArgument("or -a");
    private readonly Option<bool> _all = new("--all", "-a") { Description = "All guests" };
    private readonly Option<bool> _wait = new("--wait", "-w") { Description = "Wait until they have ended" };
    private readonly Option<double?> _timeout = new("--timeout") { Description = "Wait no longer than this (exit code 4)", HelpName = "SECONDS" };
    private readonly bool _isReboot;

    private ShutdownCommand(Command command, bool isReboot)
    {
        _isReboot = isReboot;
        foreach (Option option in new Option[] { _all, _wait, _timeout })
            command.Add(option);
        command.Add(_guests);
        command.Validators.Add(result =>
        {
            if (result.GetValue(_all) == result.GetValue(_guests) is { Length: > 0 })
                result.AddError("name guests, or all of them with -a");
            if (result.GetValue(_timeout) is <= 0 or > 1e6)
                result.AddError("--timeout is out of range");
        });
        command.SetSystemAction((parsed, system) => RunAsync(parsed, system));
    }

    /// <summary>The command that ends guests.</summary>
    public static Command CreateShutdown()
    {
        var command = new Command("shutdown", "Ask guests to shut down. What then happens says their on_poweroff.");
        _ = new ShutdownCommand(command, isReboot: false);
        return command;
    }

    /// <summary>The command that starts them again.</summary>
    public static Command CreateReboot()
    {
        var command = new Command("reboot", "Ask guests to reboot. What then happens says their on_reboot.");
        _ = new ShutdownCommand(command, isReboot: true);
        return command;
    }

    private async Task RunAsync(ParseResult parsed, SystemConnection system)
    {
        IEnumerable<string> words = parsed.GetValue(_guests)!;
        if (parsed.GetValue(_all))
            words = (await GuestList.ReadAsync(system)).Where(CanBeAsked).Select(static g => g.Name);
        bool waits = parsed.GetValue(_wait);
        DateTime? deadline = parsed.GetValue(_timeout) is { } seconds ? DateTime.UtcNow.AddSeconds(seconds) : null;
        var options = new CallOptions(deadline: deadline, cancellationToken: system.Cancellation);
        (string Word, RpcException? Failure)[] ends = await Task.WhenAll(words.Select(word => AskAsync(system, word, waits, options)));
        foreach ((string word, RpcException? failure) in ends)
        {
            if (failure is not null)
                Say.Error($"{word}: {CallFailure.Explain(failure).Message}");
        }
        if (ends.Select(static e => e.Failure).FirstOrDefault(static f => f is not null) is { } first)
            throw new MkException(CallFailure.Explain(first).Code, $"not all guests {(waits ? "have ended" : "took the request")}");
    }

    private async Task<(string Word, RpcException? Failure)> AskAsync(SystemConnection system, string word, bool waits, CallOptions options)
    {
        Say.Line($"{(_isReboot ? "rebooting" : "shutting down")} {word}{(waits ? ", waiting for its end" : "")}");
        try
        {
            await system.Toolstack.ShutdownAsync(
                new Api.ShutdownRequest { Guest = GuestNames.Parse(word), IsReboot = _isReboot, Waits = waits }, options);
            return (word, null);
        }
        catch (RpcException e)
        {
            return (word, e);
        }
    }

    private static bool CanBeAsked(Api.GuestInfo guest) => guest.State is Api.GuestState.Running or Api.GuestState.Blocked;
}
