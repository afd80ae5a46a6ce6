using System;
using System.Text;

namespace Microkernel.Rpc;

/// <summary>Strings of frames.</summary>
internal static class Text
{
    internal static string Read(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);

    /// <summary>A string's bytes, cut before the first character that does not fit.</summary>
    internal static byte[] Write(string text, int longest)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        if (bytes.Length <= longest)
            return bytes;
        int length = longest;
        while (length > 0 && (bytes[length] & 0xC0) == 0x80)
            length--;
        return bytes[..length];
    }
}
