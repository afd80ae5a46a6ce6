using System;
using System.Collections.Generic;

namespace Mk.Terminal;

/// <summary>
/// Decides where keys go. Ctrl-] leaves, as in <c>xl console</c>. With several guests, Ctrl-] followed by a digit makes
/// the guest of that number (from 1) the one that is typed to, and Ctrl-] followed by anything else leaves.
/// </summary>
public sealed class Keyboard
{
    /// <summary>Ctrl-].</summary>
    public const byte LeaveKey = 0x1d;

    private readonly int _guests;
    private bool _afterLeaveKey;

    /// <summary>Starts with the first guest.</summary>
    public Keyboard(int guests) => _guests = guests;

    /// <summary>Whether the operator has left.</summary>
    public bool Left { get; private set; }

    /// <summary>The guest that is typed to, from 0.</summary>
    public int Guest { get; private set; }

    /// <summary>Takes what was typed.</summary>
    /// <returns>What goes to which guest, in order.</returns>
    public IReadOnlyList<(int Guest, byte[] Bytes)> Type(ReadOnlySpan<byte> typed)
    {
        List<(int, byte[])> output = [];
        List<byte> pending = [];
        foreach (byte key in typed)
        {
            if (Left)
                break;
            if (key != LeaveKey && !_afterLeaveKey)
            {
                pending.Add(key);
                continue;
            }
            if (pending.Count > 0)
                output.Add((Guest, [.. pending]));
            pending.Clear();
            Command(key);
        }
        if (pending.Count > 0)
            output.Add((Guest, [.. pending]));
        return output;
    }

    private void Command(byte key)
    {
        int chosen = key - '1';
        if (_guests == 1)
            Left = true;
        else if (!_afterLeaveKey)
            _afterLeaveKey = true;
        else if (chosen >= 0 && chosen < _guests && chosen < 9)
            (Guest, _afterLeaveKey) = (chosen, false);
        else
            Left = true;
    }
}
