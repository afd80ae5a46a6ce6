using System;
using System.Collections.Generic;

namespace Mk.Machine;

/// <summary>The other direction of <see cref="ConsoleDemultiplexer"/>: frames input for the guests.</summary>
public sealed class ConsoleMultiplexer
{
    /// <summary>The most domains that a switch can name.</summary>
    public const int MostGuests = 256 - ConsoleDemultiplexer.SwitchBase;

    /// <summary>The bytes that ring the doorbell instead of reaching a guest.</summary>
    public static byte[] Bell => [ConsoleDemultiplexer.Dle, (byte)'!'];

    private int _guest = -1;

    /// <summary>The bytes that carry <paramref name="bytes"/> to a guest.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The framing cannot name that guest.</exception>
    public byte[] Frame(int guest, ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(guest);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(guest, MostGuests);
        List<byte> framed = [];
        if (guest != _guest)
            framed.AddRange([ConsoleDemultiplexer.Dle, (byte)(ConsoleDemultiplexer.SwitchBase + guest)]);
        _guest = guest;
        foreach (byte b in bytes)
        {
            framed.Add(b);
            if (b == ConsoleDemultiplexer.Dle)
                framed.Add(b);
        }
        return [.. framed];
    }
}
