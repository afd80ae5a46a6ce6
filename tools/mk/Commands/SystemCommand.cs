using System;
using System.CommandLine;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Mk.Control;

namespace Mk.Commands;

/// <summary>What the commands to a running system share.</summary>
public static class SystemCommand
{
    /// <summary>For programs instead of people.</summary>
    public static Option<bool> JsonOption() => new("--json") { Description = "Print JSON for programs" };

    /// <summary>A guest, by name or number.</summary>
    public static Argument<string> GuestArgument() => new("GUEST") { Description = "A guest's name or number" };

    /// <summary>Some guests, by name or number.</summary>
    /// <param name="what">What happens if there is none.</param>
    public static Argument<string[]> GuestsArgument(string what) =>
        new("GUEST") { Description = $"Names or numbers of guests ({what})", Arity = ArgumentArity.ZeroOrMore };

    /// <summary>Makes a command do something with the running system; what fails there becomes a message and an exit code.</summary>
    public static void SetSystemAction(this Command command, Func<ParseResult, SystemConnection, Task> action) =>
        command.SetAction((parsed, _) => RunAsync(CancellationToken.None, system => action(parsed, system)));

    /// <summary>Does something with the running system.</summary>
    public static async Task<int> RunAsync(CancellationToken cancellation, Func<SystemConnection, Task> action)
    {
        using var system = SystemConnection.Open(cancellation);
        try
        {
            await action(system);
            return (int)ExitCode.Success;
        }
        catch (RpcException e)
        {
            throw CallFailure.Explain(e);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return (int)ExitCode.Interrupted;
        }
    }
}
