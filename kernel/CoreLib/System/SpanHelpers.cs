using System.Runtime;
using System.Runtime.CompilerServices;

namespace System;

/// <summary>What spans and the compiler need to move memory.</summary>
internal static class SpanHelpers
{
    /// <summary>The index if it is below the length, another one that is otherwise, computed without a branch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static nint MaskIndex(int index, int length)
    {
        // Frames' lengths are known and powers of two: one instruction.
        if (RuntimeHelpers.IsKnownConstant(length) && length > 0 && (length & (length - 1)) == 0)
            return (nint)(uint)(index & (length - 1));

        long wide = (uint)index;
        return (nint)(wide & (wide - (uint)length >> 63));
    }

    /// <summary>The start if it is at most the length, zero otherwise, computed without a branch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static nint MaskStart(int start, int length)
    {
        long wide = (uint)start;
        return (nint)(wide & (wide - 1 - (uint)length >> 63));
    }

    /// <summary>Copies bytes; the two places may overlap.</summary>
    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "memmove")]
    internal static extern void Memmove(ref byte destination, ref readonly byte source, nuint length);

    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "memset")]
    private static extern void Memset(ref byte destination, int value, nuint length);

    /// <summary>Writes one value to a number of 64-bit words.</summary>
    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "memset64")]
    internal static extern void Fill(ref ulong destination, ulong value, nuint count);

    internal static void ClearWithoutReferences(ref byte destination, nuint length) => Memset(ref destination, 0, length);

    internal static void Fill(ref byte destination, byte value, nuint length) => Memset(ref destination, value, length);
}
