using System;
using System.Linq;
using Mk.Boot;
using Mk.Machine;

namespace Mk.Terminal;

/// <summary>Shows the core's log of a run, and puts what the services print into its log file.</summary>
public sealed class SystemRunOutput(RunScreen screen) : IMachineOutput
{
    /// <inheritdoc/>
    public void CoreLine(string line) => screen.CoreLine(line);

    /// <inheritdoc/>
    public void GuestOutput(int guest, ReadOnlyMemory<byte> bytes) =>
        screen.Log(SystemManifest.Services.ElementAtOrDefault(guest) ?? $"domain {guest + 1}", bytes);
}
