using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using Google.Protobuf;
using Microkernel.Protos.Xenstore;

namespace Mk.Store;

/// <summary>Values and permissions as Debian's xenstore-* commands write them.</summary>
public static class StoreText
{
    private const string AccessLetters = "nrwb";
    private const byte FirstLongEscape = 8;

    /// <summary>A value, with \t, \n, \r, \\, and numbers for everything that cannot be printed.</summary>
    public static string Escape(ByteString value)
    {
        var text = new StringBuilder();
        foreach (byte b in value.Span)
        {
            text.Append(b switch
            {
                (byte)'\t' => @"\t",
                (byte)'\n' => @"\n",
                (byte)'\r' => @"\r",
                (byte)'\\' => @"\\",
                >= (byte)' ' and <= (byte)'~' => ((char)b).ToString(),
                < FirstLongEscape => @"\00" + (char)('0' + b),
                _ => @"\x" + b.ToString("x2", CultureInfo.InvariantCulture),
            });
        }
        return text.ToString();
    }

    /// <summary>The value that such a text stands for; what is no escape stands for itself.</summary>
    public static ByteString Unescape(string text)
    {
        ReadOnlySpan<byte> rest = Encoding.UTF8.GetBytes(text);
        List<byte> value = [];
        while (!rest.IsEmpty)
        {
            int length = 1;
            value.Add(rest[0] == '\\' ? TakeEscape(rest, out length) : rest[0]);
            rest = rest[length..];
        }
        return ByteString.CopyFrom([.. value]);
    }

    /// <summary>Permissions: n5,r7.</summary>
    public static string Format(IEnumerable<Permission> permissions) =>
        string.Join(',', permissions.Select(static p => string.Create(CultureInfo.InvariantCulture, $"{AccessLetters[p.Access - Access.None]}{p.Domain}")));

    /// <summary>One entry: a letter and a domain's number.</summary>
    /// <exception cref="MkException">It is none.</exception>
    public static Permission ParsePermission(string text)
    {
        int letter = text.Length > 0 ? AccessLetters.IndexOf(text[0]) : -1;
        if (letter < 0 || !uint.TryParse(text.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out uint domain))
            throw new MkException(ExitCode.Usage, $"Invalid permission specification: '{text}' (EINVAL: n, r, w or b, and a domain's number, such as r7)");
        return new Permission { Domain = domain, Access = Access.None + letter };
    }

    private static byte TakeEscape(ReadOnlySpan<byte> text, out int length)
    {
        (byte value, length) = text.Length < 2 ? ((byte)'\\', 1) : text[1] switch
        {
            (byte)'t' => ((byte)'\t', 2),
            (byte)'n' => ((byte)'\n', 2),
            (byte)'r' => ((byte)'\r', 2),
            (byte)'\\' => ((byte)'\\', 2),
            (byte)'x' => Number(text, 2, digits: 2, radix: 16),
            >= (byte)'0' and <= (byte)'7' => Number(text, 1, digits: 3, radix: 8),
            _ => ((byte)'\\', 1),
        };
        return value;
    }

    /// <summary>Up to so many digits of a number; without one, the backslash stands for itself.</summary>
    private static (byte Value, int Length) Number(ReadOnlySpan<byte> text, int start, int digits, int radix)
    {
        int value = 0, at = start;
        for (; at < text.Length && at < start + digits && char.IsAsciiHexDigit((char)text[at]); at++)
        {
            int digit = Convert.ToInt32(((char)text[at]).ToString(), 16);
            if (digit >= radix)
                break;
            value = value * radix + digit;
        }
        return at == start ? ((byte)'\\', 1) : ((byte)value, at);
    }
}
