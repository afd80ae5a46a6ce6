using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Mk.Boot;
using Mk.Machine;

namespace Mk.Terminal;

/// <summary>This terminal during a run, or what stands in for it: raw, its output a <see cref="RunScreen"/>, its keys for the guests.</summary>
public sealed class RunTerminal : IDisposable
{
    private readonly RawTerminal? _raw;
    private readonly Stream _output;
    private readonly Stream _errors;
    private readonly int _guests;

    /// <summary>Takes the terminal.</summary>
    /// <param name="guests">The guests of the run.</param>
    /// <param name="quiet">Whether to leave the core's log out.</param>
    /// <param name="logFile">A file that receives everything, or null.</param>
    public RunTerminal(IReadOnlyList<GuestConfig> guests, bool quiet, string? logFile)
    {
        _guests = guests.Count;
        _raw = RawTerminal.TryEnter();
        _output = Console.OpenStandardOutput();
        _errors = Console.OpenStandardError();
        Screen = new RunScreen([.. guests.Select(static g => g.Name)], _output, quiet ? null : _errors, _raw is not null, logFile);
    }

    /// <summary>Shows the run.</summary>
    public RunScreen Screen { get; }

    /// <summary>Carries standard input to the guests until it ends or the operator leaves.</summary>
    /// <param name="send">Sends keys to a guest.</param>
    /// <param name="stop">Ends the run.</param>
    public void Type(Func<int, ReadOnlyMemory<byte>, Task> send, Action<RunResult> stop)
    {
        var keyboard = new Keyboard(_guests);
        KeyInput.Start(typed =>
        {
            foreach ((int guest, byte[] bytes) in keyboard.Type(typed.Span))
                send(guest, bytes).GetAwaiter().GetResult();
            if (keyboard.Left)
                stop(new RunResult(ExitCode.Interrupted, "left with Ctrl-]; the guests are gone"));
            return !keyboard.Left;
        });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Screen.Dispose();
        _errors.Dispose();
        _output.Dispose();
        _raw?.Dispose();
    }
}
