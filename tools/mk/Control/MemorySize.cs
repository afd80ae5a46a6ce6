using System.Globalization;

namespace Mk.Control;

/// <summary>Sizes of memory as xl takes them: MiB, or with a letter behind: b, k, m, g, t.</summary>
public static class MemorySize
{
    /// <summary>Bytes in a MiB.</summary>
    public const ulong MiB = 1 << 20;

    /// <summary>The bytes that a word stands for.</summary>
    /// <returns>False if it is no size, or no whole number of pages.</returns>
    public static bool TryParse(string word, out ulong bytes)
    {
        const string Units = "bkmgt";
        string number = word.Length > 0 ? word[..^1] : "";
        int unit = word.Length > 0 ? Units.IndexOf(char.ToLowerInvariant(word[^1])) : -1;
        if (unit < 0)
            (number, unit) = (word, Units.IndexOf('m'));
        bool isNumber = ulong.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out bytes);
        int shift = unit * 10;
        if (!isNumber || bytes > ulong.MaxValue >> shift)
            return false;
        bytes <<= shift;
        return bytes > 0 && bytes % 4096 == 0;
    }
}
