using System;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Mk.Boot;
using Mk.Machine;
using Api = Microkernel.Protos.Toolstack;

namespace Mk.Control;

/// <summary>A guest of a run: its console, over all its restarts, and its end.</summary>
internal sealed class GuestOfRun
{
    private readonly TaskCompletionSource<DomainEnd> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SystemConnection _system;
    private readonly Action<ReadOnlyMemory<byte>> _output;
    private readonly Lock _lock = new();
    private Task _reading = Task.CompletedTask;
    private ConsoleSession? _console;
    private uint _domain;

    /// <summary>A guest that is not created yet.</summary>
    /// <param name="system">The system.</param>
    /// <param name="config">What it is.</param>
    /// <param name="output">Receives what it prints.</param>
    internal GuestOfRun(SystemConnection system, GuestConfig config, Action<ReadOnlyMemory<byte>> output) =>
        (_system, Config, _output) = (system, config, output);

    /// <summary>What it is.</summary>
    internal GuestConfig Config { get; }

    /// <summary>How it ended for good.</summary>
    internal Task<DomainEnd> End => _end.Task;

    /// <summary>It runs, maybe again, as this domain.</summary>
    internal void Attach(uint domain)
    {
        lock (_lock)
        {
            if (domain == _domain)
                return;
            _domain = domain;
            ConsoleSession console = _console = new ConsoleSession(_system, domain, _output);
            _reading = ReadAfterAsync(_reading, console);
        }
    }

    /// <summary>Something has happened to it.</summary>
    internal void Take(Api.GuestEvent happened)
    {
        switch (happened.Kind)
        {
            case Api.GuestEventKind.Created:
                Attach(happened.Domain);
                break;
            case Api.GuestEventKind.PoweredOff:
                Finish("poweroff", happened.Detail, Config.OnPoweroff);
                break;
            case Api.GuestEventKind.Rebooted:
                Finish("reboot", happened.Detail, Config.OnReboot);
                break;
            case Api.GuestEventKind.Crashed:
                Finish("crash", happened.Detail, Config.OnCrash);
                break;
            case Api.GuestEventKind.Failed:
                Finish("crash", happened.Detail, EndAction.Destroy);
                break;
        }
    }

    /// <summary>It is no more, and nobody has said why.</summary>
    internal void TakeAbsence() => Finish("destroyed", "", EndAction.Destroy);

    /// <summary>Types to it. Keys for a guest that has ended go nowhere.</summary>
    internal async Task TypeAsync(ReadOnlyMemory<byte> keys, CancellationToken cancellation)
    {
        try
        {
            if (_console is { } console)
                await console.TypeAsync(keys, cancellation);
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException)
        {
            // Its end is told elsewhere.
        }
    }

    /// <summary>Waits until everything it has printed is there, but no longer than this.</summary>
    internal Task DrainAsync(TimeSpan limit) => Task.WhenAny(_reading, Task.Delay(limit));

    private void Finish(string cause, string detail, EndAction action)
    {
        if (action is not (EndAction.Restart or EndAction.RenameRestart))
            _end.TrySetResult(new DomainEnd(Config.Name, cause, detail, Restarting: false));
    }

    private async Task ReadAfterAsync(Task before, ConsoleSession console)
    {
        await before;
        try
        {
            await console.ReadAsync(_system.Cancellation);
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException)
        {
            // The machine's end, or a console that does not come back: the guest's end tells more.
        }
    }
}
