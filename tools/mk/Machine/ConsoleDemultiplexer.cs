using System;

namespace Mk.Machine;

/// <summary>
/// Takes the guests' consoles apart, which share one serial line: the byte DLE (0x10) followed by 0x40 + k switches the
/// line to the k-th domain of the manifest, DLE DLE is one literal DLE. Anything else after a DLE is dropped with it.
/// </summary>
public sealed class ConsoleDemultiplexer
{
    /// <summary>The byte that starts a switch.</summary>
    public const byte Dle = 0x10;

    /// <summary>What is added to a domain's number in a switch.</summary>
    public const byte SwitchBase = 0x40;

    private readonly Action<int, ReadOnlyMemory<byte>> _output;
    private int _guest;
    private bool _escaped;

    /// <summary>Creates a demultiplexer; the line starts with domain 0.</summary>
    /// <param name="output">Receives each run of bytes with the number of its domain.</param>
    public ConsoleDemultiplexer(Action<int, ReadOnlyMemory<byte>> output) => _output = output;

    /// <summary>Takes the next bytes of the line.</summary>
    public void Add(ReadOnlyMemory<byte> bytes)
    {
        int start = 0;
        for (int i = 0; i < bytes.Length; i++)
        {
            byte b = bytes.Span[i];
            if (_escaped)
            {
                _escaped = false;
                if (b >= SwitchBase)
                    _guest = b - SwitchBase;
                start = b == Dle ? i : i + 1;
            }
            else if (b == Dle)
            {
                Put(bytes[start..i]);
                start = i + 1;
                _escaped = true;
            }
        }
        Put(bytes[start..]);
    }

    private void Put(ReadOnlyMemory<byte> bytes)
    {
        if (!bytes.IsEmpty)
            _output(_guest, bytes);
    }
}
