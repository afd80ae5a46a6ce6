using System;
using System.Globalization;
using System.IO;

namespace Microkernel.XenStore.Sockets;

/// <summary>The log on plain Linux.</summary>
internal sealed class FileLog : IDisposable
{
    private TextWriter _output = Console.Error;

    internal FileLog(string? path)
    {
        if (path is not null)
            _output = Open(path);
    }

    /// <summary>Goes on in another file.</summary>
    internal bool TryMove(string path)
    {
        try
        {
            TextWriter next = Open(path);
            Dispose();
            _output = next;
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Complain($"the log cannot go to {path}: {failure.Message}");
            return false;
        }
    }

    internal void Write(string text) =>
        _output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:yyyy-MM-dd HH:mm:ss.fff} {text}"));

    /// <summary>Writes what somebody should see.</summary>
    internal void Complain(string text)
    {
        Write("WARNING: " + text);
        if (_output != Console.Error)
            Console.Error.WriteLine("xenstore: " + text);
    }

    public void Dispose()
    {
        if (_output != Console.Error)
            _output.Dispose();
    }

    private static StreamWriter Open(string path) => new(path, append: true) { AutoFlush = true };
}
