using System;

namespace Microkernel.Core.Boot;

/// <summary>Pieces of the boot manifest's text: lines, words, numbers and names.</summary>
internal static class ManifestText
{
    private const int LongestName = 63;

    /// <summary>1 to 63 letters, digits, dots, underscores and hyphens.</summary>
    public static bool IsName(ReadOnlySpan<byte> name)
    {
        foreach (byte c in name)
        {
            bool isLetter = (c | 0x20) is >= (byte)'a' and <= (byte)'z';
            if (!isLetter && c is not ((>= (byte)'0' and <= (byte)'9') or (byte)'.' or (byte)'_' or (byte)'-'))
                return false;
        }

        return name.Length is >= 1 and <= LongestName;
    }

    /// <summary>A number with K, M or G, in KiB; -1 for anything else.</summary>
    public static long ParseKibibytes(ReadOnlySpan<byte> value)
    {
        int shift = value.Length == 0 ? -1 : (value[^1] | 0x20) switch
        {
            'k' => 0,
            'm' => 10,
            'g' => 20,
            _ => -1,
        };
        long number = shift < 0 ? -1 : ParseNumber(value.Slice(0, value.Length - 1));
        return number < 0 ? -1 : number << shift;
    }

    /// <summary>A decimal number of at most nine digits, so that no shift overflows; -1 for anything else.</summary>
    public static long ParseNumber(ReadOnlySpan<byte> value)
    {
        long number = 0;
        foreach (byte c in value)
        {
            if (c is < (byte)'0' or > (byte)'9' || number >= 100_000_000)
                return -1;

            number = (number * 10) + (c - '0');
        }

        return value.Length == 0 ? -1 : number;
    }

    /// <summary>One to four hexadecimal digits; -1 for anything else.</summary>
    public static long ParseHexadecimal(ReadOnlySpan<byte> value)
    {
        long number = 0;
        foreach (byte c in value)
        {
            int digit = c is >= (byte)'0' and <= (byte)'9' ? c - '0'
                : (c | 0x20) is >= 'a' and <= 'f' ? (c | 0x20) - 'a' + 10
                : -1;
            if (digit < 0)
                return -1;

            number = (number << 4) + digit;
        }

        return value.Length is >= 1 and <= 4 ? number : -1;
    }

    /// <summary>Takes the first line off.</summary>
    public static ReadOnlySpan<byte> TakeLine(ref ReadOnlySpan<byte> rest)
    {
        int end = rest.IndexOf((byte)'\n');
        ReadOnlySpan<byte> line = end < 0 ? rest : rest.Slice(0, end);
        rest = end < 0 ? default : rest.Slice(end + 1);
        return line;
    }

    /// <summary>Takes what stands before the first blank off.</summary>
    public static ReadOnlySpan<byte> TakeWord(ref ReadOnlySpan<byte> rest)
    {
        int end = 0;
        while (end < rest.Length && !IsBlank(rest[end]))
            end++;

        ReadOnlySpan<byte> word = rest.Slice(0, end);
        rest = rest.Slice(end);
        return word;
    }

    /// <summary>Without blanks before and after.</summary>
    public static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text)
    {
        while (text.Length > 0 && IsBlank(text[0]))
            text = text.Slice(1);

        while (text.Length > 0 && IsBlank(text[^1]))
            text = text.Slice(0, text.Length - 1);

        return text;
    }

    private static bool IsBlank(byte c) => c is (byte)' ' or (byte)'\t' or (byte)'\r' or 0;

    /// <summary>The same bytes.</summary>
    public static bool Equal(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b) => a.SequenceEqual(b);
}
