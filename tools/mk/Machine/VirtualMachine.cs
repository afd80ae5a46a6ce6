using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace Mk.Machine;

/// <summary>A QEMU process with the core in it: its two serial lines, and the end of the run.</summary>
public sealed class VirtualMachine : IAsyncDisposable
{
    /// <summary>How long a report of a panic may take to its last line.</summary>
    private static readonly TimeSpan PanicGrace = TimeSpan.FromSeconds(5);

    /// <summary>How long the guests' line must be silent after the last domain's end: their last words come later.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(200);

    private readonly IMachineOutput _output;
    private readonly CoreLog _log = new();
    private readonly ConsoleMultiplexer _input = new();
    private readonly ConsoleDemultiplexer _guests;
    private readonly SemaphoreSlim _sending = new(1);
    private readonly Lock _printing = new();
    private readonly TaskCompletionSource<RunResult?> _stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly StringBuilder _errors = new();
    private readonly TaskCompletionSource<Socket> _guestLine = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Process _qemu;
    private QmpMonitor? _monitor;
    private long _lastGuestOutput;
    private int _bells;

    private VirtualMachine(Process qemu, IMachineOutput output)
    {
        _qemu = qemu;
        _output = output;
        _guests = new ConsoleDemultiplexer(PrintGuest);
        _qemu.ErrorDataReceived += (_, e) => _errors.AppendLine(e.Data);
        Completion = Task.FromResult(new RunResult(ExitCode.QemuFailed, "not started"));
    }

    /// <summary>How the run ended; completes when QEMU is gone and all it printed has been handed on.</summary>
    public Task<RunResult> Completion { get; private set; }

    /// <summary>QEMU's process.</summary>
    public int ProcessId => _qemu.Id;

    /// <summary>Starts QEMU.</summary>
    /// <param name="options">The machine; its time limit starts now.</param>
    /// <param name="folder">The folder of the run, prepared.</param>
    /// <param name="arguments">QEMU's arguments (<see cref="QemuCommandLine"/>).</param>
    /// <param name="output">Receives what it prints.</param>
    /// <exception cref="MkException">QEMU cannot be started.</exception>
    public static VirtualMachine Start(MachineOptions options, RunFolder folder, IReadOnlyList<string> arguments, IMachineOutput output)
    {
        Socket com1 = Listen(folder.File(QemuCommandLine.CoreSerial));
        Socket com2 = Listen(folder.File(QemuCommandLine.GuestSerial));
        Socket qmp = Listen(folder.File(QemuCommandLine.Monitor));
        var start = new ProcessStartInfo(options.Qemu, arguments)
        {
            WorkingDirectory = folder.Path,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var machine = new VirtualMachine(StartProcess(start), output);
        machine.Completion = machine.RunAsync(com1, com2, qmp, options.TimeLimit ?? Timeout.InfiniteTimeSpan);
        return machine;
    }

    /// <summary>Sends input to a guest's console. After the end of the run it goes nowhere.</summary>
    public Task SendAsync(int guest, ReadOnlyMemory<byte> bytes) => SendAsync(() => _input.Frame(guest, bytes.Span));

    /// <summary>Rings the doorbell, for whoever the manifest gives it to. Never blocks; rings that wait to be sent count as one.</summary>
    public void RingBell()
    {
        // Before the core has set the line up it would lose the first byte and take the second for input. Nobody could hear it yet.
        if (_log.HasStarted && Interlocked.Exchange(ref _bells, 1) == 0)
        {
            _ = SendAsync(() =>
            {
                Interlocked.Exchange(ref _bells, 0);
                return ConsoleMultiplexer.Bell;
            });
        }
    }

    /// <summary>Ends the run with the given result, unless it has ended by itself before.</summary>
    public void Stop(RunResult result) => _stop.TrySetResult(result);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Stop(new RunResult(ExitCode.Interrupted, "stopped"));
        await Completion;
        _qemu.Dispose();
        _sending.Dispose();
    }

    /// <param name="frame">Makes the bytes when it is their turn.</param>
    private async Task SendAsync(Func<byte[]> frame)
    {
        await _sending.WaitAsync();
        try
        {
            if (await Task.WhenAny(_guestLine.Task, Completion) == _guestLine.Task)
                await (await _guestLine.Task).SendAsync(frame());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // QEMU has just ended; Completion says why.
        }
        finally
        {
            _sending.Release();
        }
    }

    private static Socket Listen(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        socket.Listen(1);
        return socket;
    }

    private static Process StartProcess(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new MkException(ExitCode.QemuFailed, $"cannot start {start.FileName}: {e.Message}");
        }
    }

    private async Task<RunResult> RunAsync(Socket com1, Socket com2, Socket qmp, TimeSpan limit)
    {
        _qemu.StandardInput.Close();
        _qemu.BeginErrorReadLine();
        _qemu.BeginOutputReadLine();
        using var ended = new CancellationTokenSource();
        Task exit = _qemu.WaitForExitAsync(CancellationToken.None);
        Task lines = Task.WhenAll(
            AcceptLine(com1, ReadCoreLine, ended.Token), AcceptLine(com2, ReadGuestLine, ended.Token), AcceptMonitor(qmp, ended.Token));
        Task clock = Task.Delay(limit, ended.Token);
        // The lines end with QEMU, or earlier when what they print cannot be written any more.
        Task first = await Task.WhenAny(exit, _stop.Task, clock, lines);
        if (first == clock)
            Stop(new RunResult(ExitCode.TimeLimit, $"the time limit of {limit.TotalSeconds:0.#} s is over"));
        await QuitAsync(exit);
        await ended.CancelAsync();
        await lines;
        RunResult? given = _stop.Task.IsCompleted ? await _stop.Task : null;
        RunResult judged = RunResult.Judge(_log, _monitor?.StoppedByMachine ?? false, _qemu.ExitCode, _errors.ToString());
        return given is not null && judged.Code != ExitCode.CorePanicked ? given : judged;
    }

    private async Task QuitAsync(Task exit)
    {
        if (_monitor is { } monitor)
            await monitor.QuitAsync();
        if (await Task.WhenAny(exit, Task.Delay(TimeSpan.FromSeconds(3))) != exit)
            _qemu.Kill();
        await exit;
    }

    /// <summary>
    /// Takes QEMU's one connection to a serial line and reads it to its end, which is QEMU's end. On a thread of its own: a line that
    /// nobody reads holds a few hundred bytes, then the core waits a second and loses what it writes.
    /// </summary>
    private static Task AcceptLine(Socket listener, Action<Socket> read, CancellationToken ended) => Task.Factory.StartNew(
        () =>
        {
            using Socket listening = listener;
            using CancellationTokenRegistration closing = ended.Register(listening.Dispose);
            try
            {
                using Socket socket = listening.Accept();
                read(socket);
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException)
            {
                // QEMU ended before it connected, or in the middle of a read.
            }
        },
        CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private async Task AcceptMonitor(Socket listener, CancellationToken ended)
    {
        using (listener)
        {
            try
            {
                using Socket socket = await listener.AcceptAsync(ended);
                _monitor = new QmpMonitor(socket);
                await _monitor.ListenAsync();
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
                // As for a line.
            }
        }
    }

    private void ReadCoreLine(Socket socket)
    {
        var lines = new LineSplitter();
        var buffer = new byte[4096];
        for (int n; (n = socket.Receive(buffer)) > 0;)
        {
            foreach (string line in lines.Add(buffer.AsSpan(0, n)))
                TakeCoreLine(line);
        }
        if (lines.Rest() is { } rest)
            TakeCoreLine(rest);
    }

    private void TakeCoreLine(string line)
    {
        bool panicked = _log.Panicked, finished = _log.Finished;
        _log.Add(line);
        lock (_printing)
            _output.CoreLine(line);
        if (_log.Finished && !finished)
            _ = StopWhenSilent();
        else if (_log.Panicked && !panicked)
            _ = StopAfter(PanicGrace);
    }

    private async Task StopWhenSilent()
    {
        for (int waits = 0; waits < 10; waits++)
        {
            await Task.Delay(Silence);
            if (Stopwatch.GetElapsedTime(Interlocked.Read(ref _lastGuestOutput)) >= Silence)
                break;
        }
        _stop.TrySetResult(null);
    }

    private async Task StopAfter(TimeSpan delay)
    {
        await Task.Delay(delay);
        _stop.TrySetResult(null);
    }

    private void ReadGuestLine(Socket socket)
    {
        _guestLine.SetResult(socket);
        var buffer = new byte[4096];
        for (int n; (n = socket.Receive(buffer)) > 0;)
        {
            Interlocked.Exchange(ref _lastGuestOutput, Stopwatch.GetTimestamp());
            _guests.Add(buffer.AsMemory(0, n));
        }
    }

    private void PrintGuest(int guest, ReadOnlyMemory<byte> bytes)
    {
        lock (_printing)
            _output.GuestOutput(guest, bytes);
    }
}
