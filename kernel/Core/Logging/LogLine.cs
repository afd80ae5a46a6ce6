using System;

namespace Microkernel.Core.Logging;

/// <summary>A line of text being put together in a buffer of the caller; what does not fit is cut off.</summary>
public ref struct LogLine
{
    /// <summary>Bytes that hold any line of the log.</summary>
    public const int Capacity = 256;

    private readonly Span<byte> _buffer;
    private int _length;

    /// <summary>An empty line in <paramref name="buffer"/>.</summary>
    public LogLine(Span<byte> buffer) => _buffer = buffer;

    /// <summary>What has been added.</summary>
    public readonly ReadOnlySpan<byte> Text => _buffer.Slice(0, _length);

    /// <summary>Adds ASCII text. The last byte of the buffer is kept for the line's end.</summary>
    public void Add(scoped ReadOnlySpan<byte> text)
    {
        int count = Math.Min(text.Length, _buffer.Length - 1 - _length);
        if (count > 0)
        {
            text.Slice(0, count).CopyTo(_buffer.Slice(_length));
            _length += count;
        }
    }

    /// <summary>Adds one byte, also into the place kept for the line's end.</summary>
    public void AddByte(byte value)
    {
        if (_length < _buffer.Length)
        {
            _buffer[_length++] = value;
        }
    }

    /// <summary>Adds a decimal number.</summary>
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
        Add(digits.Slice(at));
    }

    /// <summary>Adds a hexadecimal number with 0x in front.</summary>
    public void AddHex(ulong value)
    {
        Add("0x"u8);
        int digits = 1;
        while (digits < 16 && (value >> (digits * 4)) != 0)
        {
            digits++;
        }

        Span<byte> text = stackalloc byte[16];
        for (int i = 0; i < digits; i++)
        {
            text[i] = "0123456789abcdef"u8[(int)(value >> ((digits - 1 - i) * 4)) & 15];
        }

        Add(text.Slice(0, digits));
    }
}
