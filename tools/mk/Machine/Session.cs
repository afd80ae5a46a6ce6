using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Mk.Boot;
using Mk.Terminal;

namespace Mk.Machine;

/// <summary>A run that a program talks to instead of an operator: it waits for texts and types answers.</summary>
public sealed class Session : IMachineOutput, IAsyncDisposable
{
    private readonly RunFolder _folder = new();
    private readonly RunScreen _log;
    private readonly Transcript[] _guests;
    private readonly VirtualMachine _machine;

    private Session(MachineOptions options, IReadOnlyList<string> names, string logFile, Func<RunFolder, IReadOnlyList<string>> prepare)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(logFile)!);
        LogFile = logFile;
        _guests = [.. names.Select(static _ => new Transcript())];
        _log = new RunScreen(names, Stream.Null, null, raw: false, logFile);
        _machine = VirtualMachine.Start(options, _folder, prepare(_folder), this);
    }

    /// <summary>The file that receives everything that is printed.</summary>
    public string LogFile { get; }

    /// <summary>The core's log.</summary>
    public Transcript Core { get; } = new();

    /// <summary>How the run ended.</summary>
    public Task<RunResult> Completion => _machine.Completion;

    /// <summary>The signal that came while <see cref="StopOnSignals"/> was in force; null for none. The run may have ended by itself before it.</summary>
    public string? Signal { get; private set; }

    /// <summary>Boots the core with some guests.</summary>
    public static Session Start(MachineOptions options, IReadOnlyList<GuestConfig> guests, string logFile) =>
        Start(options, BootSet.For(guests), [.. guests.Select(static g => g.Name)], logFile);

    /// <summary>Boots the core with what a manifest says.</summary>
    /// <param name="options">The machine.</param>
    /// <param name="set">The manifest and its files.</param>
    /// <param name="names">The names of its domains, in its order.</param>
    /// <param name="logFile">The file that receives everything.</param>
    public static Session Start(MachineOptions options, BootSet set, IReadOnlyList<string> names, string logFile) =>
        new(options, names, logFile, folder =>
        {
            folder.Fill(set);
            return QemuCommandLine.ForModules(options, set);
        });

    /// <summary>Boots a CD image.</summary>
    /// <param name="options">The machine.</param>
    /// <param name="iso">The image; its core has the option that puts guests on the second serial port, or not.</param>
    /// <param name="uefiFirmware">The firmware; null for BIOS.</param>
    /// <param name="names">The names of its guests.</param>
    /// <param name="logFile">The file that receives everything.</param>
    public static Session StartDisc(MachineOptions options, string iso, string? uefiFirmware, IReadOnlyList<string> names, string logFile) =>
        new(options, names, logFile, _ => QemuCommandLine.ForDisc(options, iso, uefiFirmware));

    /// <summary>What a guest has printed.</summary>
    public Transcript Guest(int guest) => _guests[guest];

    /// <summary>What all guests have printed.</summary>
    public string AllGuests() => string.Concat(_guests.Select(static g => g.ToString()));

    /// <summary>Waits until a source prints something.</summary>
    /// <exception cref="SessionException">The run ended before.</exception>
    public async Task<Match> ReadAsync(Transcript source, string pattern)
    {
        var regex = new Regex(pattern, RegexOptions.Multiline);
        while (true)
        {
            bool ended = Completion.IsCompleted;
            if (source.TryRead(regex, out Task more) is { } match)
                return match;
            if (ended)
                throw new SessionException($"the run ended before '{pattern}' was printed: {await Completion}\n{Tail(source)}");
            await Task.WhenAny(more, Completion);
        }
    }

    /// <summary>Types to a guest.</summary>
    public Task TypeAsync(int guest, string text) => _machine.SendAsync(guest, Encoding.UTF8.GetBytes(text));

    /// <summary>Ends the run from outside.</summary>
    public void Stop(string reason) => _machine.Stop(new RunResult(ExitCode.Interrupted, reason));

    /// <summary>Has the signals that would end this program end the run first, until the result is disposed.</summary>
    public Signals StopOnSignals() => new(name =>
    {
        Signal = name;
        Stop($"ended by {name}");
    });

    /// <summary>Does nothing, unless there was a signal.</summary>
    /// <exception cref="MkException">There was one.</exception>
    public void ThrowIfSignalled()
    {
        if (Signal is not null)
            throw new MkException(ExitCode.Interrupted, $"ended by {Signal}");
    }

    /// <inheritdoc/>
    void IMachineOutput.CoreLine(string line)
    {
        _log.CoreLine(line);
        Core.Add(line + "\n");
    }

    /// <inheritdoc/>
    void IMachineOutput.GuestOutput(int guest, ReadOnlyMemory<byte> bytes)
    {
        _log.GuestOutput(guest, bytes);
        if (guest < _guests.Length)
            _guests[guest].Add(Encoding.Latin1.GetString(bytes.Span));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _machine.DisposeAsync();
        _log.Dispose();
        _folder.Dispose();
    }

    private static string Tail(Transcript source)
    {
        const int Shown = 2000;
        string text = source.ToString();
        return "... " + text[Math.Max(0, text.Length - Shown)..];
    }
}
