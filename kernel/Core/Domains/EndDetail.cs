using System;

namespace Microkernel.Core.Domains;

/// <summary>The cause of a domain's end in words, with the numbers that matter; kept until the end is reported.</summary>
public sealed class EndDetail
{
    private readonly byte[] _text = new byte[160];
    private int _length;

    /// <summary>Nothing to say.</summary>
    public void Clear() => _length = 0;

    /// <summary>Says <paramref name="text"/>.</summary>
    public void Set(ReadOnlySpan<byte> text)
    {
        _length = Math.Min(text.Length, _text.Length);
        text.Slice(0, _length).CopyTo(_text);
    }

    /// <summary>The words.</summary>
    public ReadOnlySpan<byte> Text => _text.AsSpan(0, _length);
}
