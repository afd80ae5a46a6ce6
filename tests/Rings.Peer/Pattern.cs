using System;

namespace Microkernel.Rings.Peer;

/// <summary>Messages that both sides can make by themselves: the n-th one of a seed.</summary>
internal static class Pattern
{
    /// <summary>Writes the message; its length depends on the seed and number too.</summary>
    internal static Span<byte> Make(Span<byte> buffer, int seed, int number, int longest)
    {
        uint state = (uint)(seed * 7919 + number) * 2654435761u | 1;
        int length = 1 + (int)(Next(ref state) % (uint)longest);
        Span<byte> message = buffer[..length];
        for (int i = 0; i < length; i++)
            message[i] = (byte)(Next(ref state) >> 11);
        return message;
    }

    private static uint Next(ref uint state)
    {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        return state;
    }
}
