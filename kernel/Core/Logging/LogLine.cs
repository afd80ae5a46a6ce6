using System;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Microkernel.Core.Logging;

/// <summary>
/// One line of the core's log, composed on the stack: <c>log.Write($"boot: {count} CPUs")</c> makes one without
/// allocating. Text beyond ASCII becomes '?', control characters too; what does not fit is cut off.
/// Any format ("x") writes a number in hexadecimal.
/// </summary>
[InterpolatedStringHandler]
public ref struct LogLine
{
    /// <summary>Longest line in bytes, with prefix and line end.</summary>
    public const int Capacity = 256;

    private const int LongestNumber = 20;
    private Storage _storage;
    private int _length;

    private const int PrefixLength = 7;

    /// <summary>Starts a line; the compiler passes how much is going to be appended.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public LogLine(int literalLength, int formattedCount) => AppendLiteral("(core) ");

    /// <summary>The line with its end.</summary>
    [UnscopedRef]
    [MethodImpl(MethodImplOptions.NoInlining)]
    public ReadOnlySpan<byte> Finish()
    {
        Span<byte> bytes = _storage;
        bytes[_length] = (byte)'\n';
        return bytes.Slice(0, _length + 1);
    }

    /// <summary>What was appended, without prefix and end.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<byte> Text
    {
        get
        {
            ReadOnlySpan<byte> bytes = _storage;
            return bytes.Slice(PrefixLength, _length - PrefixLength);
        }
    }

    /// <summary>Appends text.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void AppendLiteral(string text)
    {
        foreach (char c in text.AsSpan())
            Append(c is >= ' ' and <= '~' ? (byte)c : (byte)'?');
    }

    /// <summary>Appends text.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void AppendFormatted(string? text)
    {
        if (text != null)
            AppendLiteral(text);
    }

    /// <summary>Appends text given as bytes.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void AppendFormatted(scoped ReadOnlySpan<byte> text)
    {
        foreach (byte value in text)
            Append(value is >= (byte)' ' and <= (byte)'~' ? value : (byte)'?');
    }

    /// <summary>Appends a number.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void AppendFormatted(ulong value, string? format = null)
    {
        uint numberBase = format is null ? 10u : 16u;
        var digits = default(Digits);
        Span<byte> span = digits;
        int at = LongestNumber;
        do
        {
            uint digit = (uint)(value % numberBase);
            span[--at] = (byte)(digit < 10 ? '0' + digit : 'a' + digit - 10);
            value /= numberBase;
        }
        while (value != 0);
        AppendFormatted(span.Slice(at));
    }

    /// <inheritdoc cref="AppendFormatted(ulong, string?)"/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void AppendFormatted(long value, string? format = null)
    {
        if (value < 0)
            Append((byte)'-');

        AppendFormatted(value < 0 ? 0 - (ulong)value : (ulong)value, format);
    }

    /// <inheritdoc cref="AppendFormatted(ulong, string?)"/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void AppendFormatted(int value, string? format = null) => AppendFormatted((long)value, format);

    /// <inheritdoc cref="AppendFormatted(ulong, string?)"/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void AppendFormatted(uint value, string? format = null) => AppendFormatted((ulong)value, format);

    private void Append(byte value)
    {
        if (_length < Capacity - 1)
        {
            Span<byte> bytes = _storage;
            bytes[_length++] = value;
        }
    }

    [InlineArray(Capacity)]
    private struct Storage
    {
        private byte _first;
    }

    [InlineArray(LongestNumber)]
    private struct Digits
    {
        private byte _first;
    }
}
