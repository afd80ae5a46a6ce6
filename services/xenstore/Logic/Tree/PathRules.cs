using System;
using System.Buffers;

namespace Microkernel.XenStore;

/// <summary>What paths may look like.</summary>
public static class PathRules
{
    /// <summary>The longest absolute path.</summary>
    public const int LongestAbsolute = 3072;

    /// <summary>The longest relative path.</summary>
    public const int LongestRelative = 2048;

    private static readonly SearchValues<byte> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-/_@"u8);

    /// <summary>Whether this is an absolute path by the rules.</summary>
    public static bool IsValid(ReadOnlySpan<byte> path)
    {
        if (path.IsEmpty || path.Length > LongestAbsolute || path[0] != '/')
            return false;
        if (path.Length == 1)
            return true;
        return path[^1] != '/' && path.IndexOf("//"u8) < 0 && path.IndexOfAnyExcept(Allowed) < 0;
    }

    /// <summary>Whether this may stand for a special event: @ and anything that a path may have.</summary>
    public static bool IsSpecial(ReadOnlySpan<byte> path) =>
        path.Length is > 1 and <= LongestRelative && path[0] == '@' && path[^1] != '/'
        && path.IndexOf("//"u8) < 0 && path.IndexOfAnyExcept(Allowed) < 0;

    /// <summary>The number of names in a valid path.</summary>
    public static int Depth(ReadOnlySpan<byte> path) => path.Length <= 1 ? 0 : path.Count((byte)'/');

    /// <summary>The path above a valid one that is not the root.</summary>
    public static ReadOnlySpan<byte> Parent(ReadOnlySpan<byte> path)
    {
        int slash = path.LastIndexOf((byte)'/');
        return slash == 0 ? path[..1] : path[..slash];
    }

    /// <summary>Whether a path is another one or below it.</summary>
    public static bool IsAtOrBelow(ReadOnlySpan<byte> path, ReadOnlySpan<byte> top) =>
        path.StartsWith(top) && (path.Length == top.Length || top.Length == 1 || path[top.Length] == '/');

    /// <summary>Takes the first name off what is left of a path; <paramref name="rest"/> has no slash at its start.</summary>
    public static ReadOnlySpan<byte> TakeName(ref ReadOnlySpan<byte> rest)
    {
        int slash = rest.IndexOf((byte)'/');
        ReadOnlySpan<byte> name = slash < 0 ? rest : rest[..slash];
        rest = slash < 0 ? default : rest[(slash + 1)..];
        return name;
    }
}
