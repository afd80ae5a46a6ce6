using System;
using System.IO;

namespace Mk.Daemon;

/// <summary>A log on disk that does not grow for ever: at a limit it begins anew, and what it was stays beside it. For one thread.</summary>
public sealed class LogFile : IDisposable
{
    private readonly string _path;
    private readonly long _limit;
    private readonly FileStream _file;

    /// <summary>Begins a log, without what was there before.</summary>
    /// <param name="path">The file.</param>
    /// <param name="limit">How long it may get.</param>
    public LogFile(string path, long limit = 32 << 20)
    {
        _path = path;
        _limit = limit;
        File.Delete(Older);
        _file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
    }

    private string Older => _path + ".1";

    /// <summary>Adds bytes; they are in the file when this returns.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (_file.Length + bytes.Length > _limit)
            Turn();
        _file.Write(bytes);
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    /// <summary>The file stays the same one, so that whoever follows it sees it begin anew.</summary>
    private void Turn()
    {
        File.Copy(_path, Older, overwrite: true);
        _file.SetLength(0);
        _file.Position = 0;
    }
}
