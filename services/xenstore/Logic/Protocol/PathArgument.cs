using System;

namespace Microkernel.XenStore;

/// <summary>Makes the paths in requests absolute, and checks them.</summary>
internal sealed class PathArgument
{
    private readonly byte[] _place = new byte[PathRules.LongestAbsolute];

    /// <summary>Reads a path; the result counts until the next call.</summary>
    internal bool TryRead(Client client, ReadOnlySpan<byte> text, out ReadOnlySpan<byte> path)
    {
        path = text;
        if (text.IsEmpty)
            return false;
        return text[0] == '/' ? PathRules.IsValid(text) : TryMakeAbsolute(client, text, out path);
    }

    /// <summary>Reads a path or a special event.</summary>
    internal bool TryReadAny(Client client, ReadOnlySpan<byte> text, out ReadOnlySpan<byte> path)
    {
        path = text;
        return text.Length > 0 && text[0] == '@' ? PathRules.IsSpecial(text) : TryRead(client, text, out path);
    }

    private bool TryMakeAbsolute(Client client, ReadOnlySpan<byte> text, out ReadOnlySpan<byte> path)
    {
        path = default;
        ReadOnlySpan<byte> start = client.BasePath;
        if (start.IsEmpty || text.Length > PathRules.LongestRelative || text[0] == '@')
            return false;
        start.CopyTo(_place);
        text.CopyTo(_place.AsSpan(start.Length));
        path = _place.AsSpan(0, start.Length + text.Length);
        return PathRules.IsValid(path);
    }
}
