using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Mk.Boot;
using Mk.Control;
using Mk.Machine;

namespace Mk.Daemon;

/// <summary>Keeps what the core and each service print in a file each, and tells the start's progress what it says about that.</summary>
public sealed class SystemLogs : IMachineOutput, IDisposable
{
    private readonly LogFile _core = new(SystemFolder.LogOf(SystemFolder.Core));
    private readonly LogFile[] _services = [.. SystemManifest.Services.Select(static name => new LogFile(SystemFolder.LogOf(name)))];
    private readonly LineSplitter[] _lines = [.. SystemManifest.Services.Select(static _ => new LineSplitter())];
    private readonly StartSteps _steps;

    /// <summary>Begins new files.</summary>
    /// <param name="steps">Receives lines.</param>
    public SystemLogs(StartSteps steps) => _steps = steps;

    /// <inheritdoc/>
    public void CoreLine(string line)
    {
        _core.Write(Encoding.UTF8.GetBytes(line + "\n"));
        _steps.CoreLine(line);
    }

    /// <inheritdoc/>
    public void GuestOutput(int guest, ReadOnlyMemory<byte> bytes)
    {
        if (guest >= _services.Length)
            return;
        _services[guest].Write(bytes.Span);
        foreach (string line in _lines[guest].Add(bytes.Span))
            _steps.ServiceLine(SystemManifest.Services[guest], line);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (LogFile file in (IEnumerable<LogFile>)[_core, .. _services])
            file.Dispose();
    }
}
