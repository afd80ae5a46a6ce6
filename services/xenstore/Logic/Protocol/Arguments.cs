using System;

namespace Microkernel.XenStore;

/// <summary>The strings in a request, each with a zero byte at its end.</summary>
public ref struct Arguments
{
    private ReadOnlySpan<byte> _rest;

    /// <summary>The strings of a payload.</summary>
    public Arguments(ReadOnlySpan<byte> payload) => _rest = payload;

    /// <summary>What has not been taken.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    /// <summary>Whether everything has been taken.</summary>
    public readonly bool IsAtEnd => _rest.IsEmpty;

    /// <summary>Takes the next string; false if there is none, or without an end.</summary>
    public bool TryTake(out ReadOnlySpan<byte> text)
    {
        int end = _rest.IndexOf((byte)0);
        text = end < 0 ? default : _rest[..end];
        if (end >= 0)
            _rest = _rest[(end + 1)..];
        return end >= 0;
    }

    /// <summary>Takes the one string that there must be.</summary>
    public bool TryTakeOnly(out ReadOnlySpan<byte> text) => TryTake(out text) && IsAtEnd;

    /// <summary>Takes a string that is a domain's number.</summary>
    public bool TryTakeDomain(out int domain)
    {
        domain = 0;
        if (!TryTake(out ReadOnlySpan<byte> text) || !Decimal.TryParse(text, LargestDomain, out uint number))
            return false;
        domain = (int)number;
        return true;
    }

    /// <summary>The last number of a real domain; those above have special meanings.</summary>
    private const uint LargestDomain = 0x7fef;
}
