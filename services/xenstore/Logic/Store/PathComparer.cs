using System;
using System.Collections.Generic;

namespace Microkernel.XenStore;

/// <summary>Compares paths and names by their bytes; dictionaries can be asked with spans.</summary>
public sealed class PathComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
{
    /// <summary>The one there is.</summary>
    public static readonly PathComparer Instance = new();

    /// <inheritdoc/>
    public bool Equals(byte[]? one, byte[]? other) => one.AsSpan().SequenceEqual(other);

    /// <inheritdoc/>
    public int GetHashCode(byte[] path) => GetHashCode(path.AsSpan());

    /// <inheritdoc/>
    public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

    /// <inheritdoc/>
    public int GetHashCode(ReadOnlySpan<byte> path)
    {
        // Seeded by the runtime, because guests choose the names.
        var hash = new HashCode();
        hash.AddBytes(path);
        return hash.ToHashCode();
    }

    /// <inheritdoc/>
    public byte[] Create(ReadOnlySpan<byte> path) => path.ToArray();
}
