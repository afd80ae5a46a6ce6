using System;
using System.IO;
using System.Runtime.InteropServices;

namespace Mk.Terminal;

/// <summary>
/// Puts the terminal into raw mode, so that every key reaches the guest, and restores it when disposed or when the
/// process exits. Signals are <see cref="Signals"/>' business: it ends the run in order.
/// </summary>
public sealed class RawTerminal : IDisposable
{
    private const int StandardInput = 0;

    /// <summary>TCSADRAIN of termios.h: change after what was written has gone out.</summary>
    private const int AfterOutput = 1;

    /// <summary>More than the 60 bytes of struct termios in glibc on x86-64.</summary>
    private const int TermiosBytes = 256;

    private readonly byte[] _saved;

    private RawTerminal(byte[] saved)
    {
        _saved = saved;
        AppDomain.CurrentDomain.ProcessExit += OnExit;
    }

    /// <summary>Raw mode for the terminal on standard input; null when that is none.</summary>
    /// <exception cref="IOException">The terminal refuses.</exception>
    public static RawTerminal? TryEnter()
    {
        if (isatty(StandardInput) == 0)
            return null;
        var saved = new byte[TermiosBytes];
        if (tcgetattr(StandardInput, saved) != 0)
            throw new IOException($"tcgetattr failed with error {Marshal.GetLastPInvokeError()}");
        var terminal = new RawTerminal(saved);
        byte[] raw = [.. saved];
        cfmakeraw(raw);
        if (tcsetattr(StandardInput, AfterOutput, raw) != 0)
            throw new IOException($"tcsetattr failed with error {Marshal.GetLastPInvokeError()}");
        return terminal;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Restore();
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
    }

    private void OnExit(object? sender, EventArgs e) => Restore();

    private void Restore() => _ = tcsetattr(StandardInput, AfterOutput, _saved);

    // The names and numbers of termios(3).
    [DllImport("libc")]
    private static extern int isatty(int file);

    [DllImport("libc", SetLastError = true)]
    private static extern int tcgetattr(int file, byte[] termios);

    [DllImport("libc", SetLastError = true)]
    private static extern int tcsetattr(int file, int when, byte[] termios);

    [DllImport("libc")]
    private static extern void cfmakeraw(byte[] termios);
}
