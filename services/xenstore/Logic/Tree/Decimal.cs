using System;
using System.Buffers.Text;

namespace Microkernel.XenStore;

/// <summary>The numbers of the protocol: unsigned, decimal, nothing but digits.</summary>
public static class Decimal
{
    /// <summary>Reads a number that is at most <paramref name="largest"/>.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, uint largest, out uint value)
    {
        value = 0;
        return text.Length > 0 && text[0] is >= (byte)'0' and <= (byte)'9'
            && Utf8Parser.TryParse(text, out value, out int used) && used == text.Length && value <= largest;
    }

    /// <summary>Writes a number.</summary>
    /// <returns>How long it is.</returns>
    public static int Format(ulong value, Span<byte> text)
    {
        if (!Utf8Formatter.TryFormat(value, text, out int length))
            throw new ArgumentException("the number does not fit", nameof(text));
        return length;
    }
}
