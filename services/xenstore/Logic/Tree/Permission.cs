using System;
using System.Globalization;

namespace Microkernel.XenStore;

/// <summary>One entry of a node's permissions.</summary>
/// <param name="Domain">Whom it is about.</param>
/// <param name="Access">What they may do.</param>
public readonly record struct Permission(int Domain, Access Access)
{
    /// <summary>The longest text of one: a letter and five digits.</summary>
    public const int LongestText = 6;

    private const int LargestDomain = 65535;

    /// <summary>Reads the text used on the wire: r, w, b or n, and the domain's number.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out Permission permission)
    {
        permission = default;
        if (text.Length < 2 || !Decimal.TryParse(text[1..], LargestDomain, out uint domain))
            return false;
        Access? access = text[0] switch
        {
            (byte)'r' => Access.Read,
            (byte)'w' => Access.Write,
            (byte)'b' => Access.Read | Access.Write,
            (byte)'n' => Access.None,
            _ => null,
        };
        permission = new((int)domain, access ?? Access.None);
        return access is not null;
    }

    /// <summary>Writes that text.</summary>
    /// <returns>Its length.</returns>
    public int Format(Span<byte> text)
    {
        text[0] = (byte)"nrwb"[(int)(Access & (Access.Read | Access.Write))];
        return 1 + Decimal.Format((uint)Domain, text[1..]);
    }

    /// <inheritdoc/>
    public override string ToString() => "nrwb"[(int)(Access & (Access.Read | Access.Write))] + Domain.ToString(CultureInfo.InvariantCulture);
}
