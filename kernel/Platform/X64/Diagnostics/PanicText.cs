using System;
using Microkernel.Platform.X64;

namespace Microkernel.Platform.Diagnostics;

/// <summary>A line on the debug UART, written as it is composed: nothing in the way can fail.</summary>
internal readonly ref struct PanicText
{
    private const int HexDigits = 16;

    /// <summary>Starts a line.</summary>
    public PanicText(ReadOnlySpan<byte> start)
    {
        Add("(core) "u8);
        Add(start);
    }

    /// <summary>Writes text.</summary>
    public void Add(ReadOnlySpan<byte> text) => Serial.Write(text);

    /// <summary>Writes text.</summary>
    public void Add(string? text)
    {
        foreach (char c in text.AsSpan())
            Serial.Write(c is >= ' ' and <= '~' ? (byte)c : (byte)'?');
    }

    /// <summary>Writes a number in decimal.</summary>
    public void Add(ulong value)
    {
        Span<byte> digits = stackalloc byte[20];
        int at = digits.Length;
        do
        {
            digits[--at] = (byte)('0' + (int)(value % 10));
            value /= 10;
        }
        while (value != 0);
        Serial.Write(digits.Slice(at));
    }

    /// <summary>Writes a number in hexadecimal, all 16 digits.</summary>
    public void AddHex(ulong value)
    {
        for (int shift = (HexDigits - 1) * 4; shift >= 0; shift -= 4)
            Serial.Write("0123456789abcdef"u8[(int)(value >> shift & 15)]);
    }

    /// <summary>Ends the line.</summary>
    public void End() => Serial.Write("\n"u8);
}
