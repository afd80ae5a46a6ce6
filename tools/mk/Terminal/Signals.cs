using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;

namespace Mk.Terminal;

/// <summary>Turns the signals that would end the process into an orderly end, until it is disposed.</summary>
public sealed class Signals : IDisposable
{
    private readonly IReadOnlyList<PosixSignalRegistration> _registrations;

    /// <summary>Calls <paramref name="end"/> with the signal's name, on a thread of its own, when one arrives.</summary>
    public Signals(Action<string> end) =>
        _registrations = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT }
            .Select(signal => PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                end(signal.ToString());
            }))];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
            registration.Dispose();
    }
}
