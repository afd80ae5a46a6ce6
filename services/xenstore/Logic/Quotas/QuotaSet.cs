using System;
using System.Text;

namespace Microkernel.XenStore;

/// <summary>The quotas of a domain, or those that a domain begins with. Zero means no limit.</summary>
public sealed class QuotaSet
{
    private static readonly string[] QuotaNames =
        ["nodes", "watches", "transactions", "node-size", "permissions", "outstanding", "memory", "path-depth", "transaction-size"];

    private static readonly uint[] Defaults = [1000, 128, 10, 2048, 5, 20, 2 << 20, 32, 1024];

    private readonly uint[] _values;

    /// <summary>What domains begin with unless told otherwise.</summary>
    public QuotaSet() => _values = [.. Defaults];

    /// <summary>A copy.</summary>
    public QuotaSet(QuotaSet other) => _values = [.. other._values];

    /// <summary>The names used on the wire, in the order of <see cref="Quota"/>.</summary>
    public static ReadOnlySpan<string> Names => QuotaNames;

    /// <summary>One of the quotas.</summary>
    public uint this[Quota quota]
    {
        get => _values[(int)quota];
        set => _values[(int)quota] = value;
    }

    /// <summary>The quota of a name.</summary>
    public static bool TryFind(ReadOnlySpan<byte> name, out Quota quota)
    {
        int index = Array.IndexOf(QuotaNames, Encoding.Latin1.GetString(name));
        quota = (Quota)index;
        return index >= 0;
    }

    /// <summary>Whether an amount is within a quota.</summary>
    public bool Allows(Quota quota, long amount) => _values[(int)quota] == 0 || amount <= _values[(int)quota];
}
