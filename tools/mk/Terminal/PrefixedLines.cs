using System;
using System.Collections.Generic;
using System.Text;

namespace Mk.Terminal;

/// <summary>
/// Weaves the output of several sources into one stream of lines, each with its source's name before it. A line comes
/// out when it is complete, or when <see cref="Flush"/> finds that its source has stopped in the middle (a prompt).
/// </summary>
public sealed class PrefixedLines
{
    private readonly Action<byte[]> _write;
    private readonly byte[] _lineEnd;
    private readonly Dictionary<string, List<byte>> _pending = [];
    private string? _open;

    /// <summary>Creates the weaver.</summary>
    /// <param name="write">Receives the bytes.</param>
    /// <param name="lineEnd">What ends a line: a terminal in raw mode needs a carriage return too.</param>
    public PrefixedLines(Action<byte[]> write, string lineEnd)
    {
        _write = write;
        _lineEnd = Encoding.ASCII.GetBytes(lineEnd);
    }

    /// <summary>Adds output of one source.</summary>
    public void Add(string source, ReadOnlySpan<byte> bytes)
    {
        if (!_pending.TryGetValue(source, out List<byte>? line))
            _pending[source] = line = [];
        foreach (byte b in bytes)
        {
            if (b == (byte)'\n')
                Put(source, line, complete: true);
            else if (b != (byte)'\r')
                line.Add(b);
        }
    }

    /// <summary>Writes out lines that have a beginning and no end yet.</summary>
    public void Flush()
    {
        foreach ((string source, List<byte> line) in _pending)
        {
            if (line.Count > 0)
                Put(source, line, complete: false);
        }
    }

    /// <summary>Writes out everything and ends the last line.</summary>
    public void Close()
    {
        Flush();
        if (_open is not null)
            _write(_lineEnd);
        _open = null;
    }

    private void Put(string source, List<byte> line, bool complete)
    {
        List<byte> output = [];
        if (_open is not null && _open != source)
            output.AddRange(_lineEnd);
        if (_open != source)
            output.AddRange(Encoding.UTF8.GetBytes($"[{source}] "));
        output.AddRange(line);
        if (complete)
            output.AddRange(_lineEnd);
        _open = complete ? null : source;
        line.Clear();
        _write([.. output]);
    }
}
