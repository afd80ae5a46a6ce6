using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using Mk.Machine;

namespace Mk.Terminal;

/// <summary>
/// Shows a run: a single guest's console as it is, several guests' line by line with their names; the core's log on
/// the error output; and all of it, named, in a log file if one is wanted.
/// </summary>
public sealed class RunScreen : IMachineOutput, IDisposable
{
    private static readonly TimeSpan FlushPeriod = TimeSpan.FromMilliseconds(200);

    private readonly IReadOnlyList<string> _names;
    private readonly Stream _output;
    private readonly Stream? _errors;
    private readonly string _lineEnd;
    private readonly PrefixedLines? _woven;
    private readonly Stream? _logFile;
    private readonly PrefixedLines? _log;
    private readonly Timer? _flush;
    private readonly Lock _lock = new();
    private bool _inLine;

    /// <summary>Creates the screen.</summary>
    /// <param name="names">The guests' names.</param>
    /// <param name="output">Where consoles go.</param>
    /// <param name="errors">Where the core's log goes, or null.</param>
    /// <param name="raw">Whether the terminal is raw and needs carriage returns.</param>
    /// <param name="logFile">A file that receives everything, or null.</param>
    public RunScreen(IReadOnlyList<string> names, Stream output, Stream? errors, bool raw, string? logFile)
    {
        _names = names;
        _output = output;
        _errors = errors;
        _lineEnd = raw ? "\r\n" : "\n";
        if (names.Count > 1)
        {
            _woven = new PrefixedLines(bytes => _output.Write(bytes), _lineEnd);
            _flush = new Timer(_ => FlushPartialLines(), null, FlushPeriod, FlushPeriod);
        }
        if (logFile is not null)
        {
            _logFile = File.Create(logFile);
            _log = new PrefixedLines(bytes => _logFile.Write(bytes), "\n");
        }
    }

    /// <inheritdoc/>
    public void CoreLine(string line)
    {
        lock (_lock)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(line);
            _errors?.Write([.. bytes, .. Encoding.ASCII.GetBytes(_lineEnd)]);
            _errors?.Flush();
            _log?.Add("core", [.. bytes, (byte)'\n']);
        }
    }

    /// <inheritdoc/>
    public void GuestOutput(int guest, ReadOnlyMemory<byte> bytes)
    {
        string name = _names.ElementAtOrDefault(guest) ?? $"domain {guest}";
        lock (_lock)
        {
            if (_woven is not null)
                _woven.Add(name, bytes.Span);
            else
                _output.Write(bytes.Span);
            _inLine = _woven is null && bytes.Span is [.., not (byte)'\n'];
            _output.Flush();
            _log?.Add(name, bytes.Span);
        }
    }

    /// <summary>Adds to the log file only.</summary>
    public void Log(string name, ReadOnlyMemory<byte> bytes)
    {
        lock (_lock)
            _log?.Add(name, bytes.Span);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _flush?.Dispose();
        lock (_lock)
        {
            _woven?.Close();
            if (_inLine)
                _output.Write(Encoding.ASCII.GetBytes(_lineEnd));
            _log?.Close();
            _logFile?.Dispose();
        }
    }

    private void FlushPartialLines()
    {
        lock (_lock)
        {
            _woven?.Flush();
            _output.Flush();
        }
    }
}
