using System;

namespace Microkernel.XenStore;

/// <summary>One change of the tree. Done to the same tree under the same generation it has the same result.</summary>
public readonly ref struct Change
{
    private Change(ChangeKind kind, ReadOnlySpan<byte> path, byte[]? value, Permissions? permissions, int creator)
    {
        Kind = kind;
        Path = path;
        Value = value;
        Permissions = permissions;
        Creator = creator;
    }

    /// <summary>What happens.</summary>
    public ChangeKind Kind { get; }

    /// <summary>To which node; absolute.</summary>
    public ReadOnlySpan<byte> Path { get; }

    /// <summary>The new value, of a write.</summary>
    public byte[]? Value { get; }

    /// <summary>The new permissions, if that is what changes.</summary>
    public Permissions? Permissions { get; }

    /// <summary>Who owns the nodes that are made; -1: whoever owns the node above them.</summary>
    public int Creator { get; }

    /// <summary>A new value.</summary>
    public static Change Write(ReadOnlySpan<byte> path, byte[] value, int creator) => new(ChangeKind.Write, path, value, null, creator);

    /// <summary>A new node.</summary>
    public static Change Create(ReadOnlySpan<byte> path, int creator) => new(ChangeKind.Create, path, null, null, creator);

    /// <summary>No node.</summary>
    public static Change Remove(ReadOnlySpan<byte> path) => new(ChangeKind.Remove, path, null, null, -1);

    /// <summary>New permissions.</summary>
    public static Change SetPermissions(ReadOnlySpan<byte> path, Permissions permissions) =>
        new(ChangeKind.SetPermissions, path, null, permissions, -1);
}
