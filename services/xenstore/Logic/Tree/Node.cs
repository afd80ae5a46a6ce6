using System;

namespace Microkernel.XenStore;

/// <summary>A node of the tree, as it was at some moment: nodes never change, a changed tree has new ones.</summary>
public sealed class Node
{
    /// <summary>What a node weighs beside its name, value and permissions.</summary>
    private const int BareSize = 160;

    /// <summary>Makes a node.</summary>
    public Node(byte[] value, Permissions permissions, ulong generation, ChildList children)
    {
        Value = value;
        Permissions = permissions;
        Generation = generation;
        Children = children;
    }

    /// <summary>Its value. Nobody writes to it.</summary>
    public byte[] Value { get; }

    /// <summary>Who may do what with it.</summary>
    public Permissions Permissions { get; }

    /// <summary>The change that made it, or that last changed its value or permissions.</summary>
    public ulong Generation { get; }

    /// <summary>What is below it.</summary>
    public ChildList Children { get; }

    /// <summary>The last change of this node or of the list of its children.</summary>
    public ulong ListGeneration => Math.Max(Generation, Children.Generation);

    /// <summary>The same with other children.</summary>
    public Node With(ChildList children) => new(Value, Permissions, Generation, children);

    /// <summary>About how much memory a node of this name takes.</summary>
    public int Weight(int nameLength) => BareSize + nameLength + Value.Length + 8 * Permissions.Entries.Length;

    /// <summary>The node at a valid absolute path below this root.</summary>
    public Node? Find(ReadOnlySpan<byte> path)
    {
        Node? at = this;
        ReadOnlySpan<byte> rest = path[1..];
        while (!rest.IsEmpty && at is not null)
            at = at.Children.Find(PathRules.TakeName(ref rest));
        return at;
    }

    /// <summary>The last node that exists on the way to a path, and how much of the path leads to it.</summary>
    public Node FindNearest(ReadOnlySpan<byte> path, out int length)
    {
        Node at = this;
        length = 1;
        ReadOnlySpan<byte> rest = path[1..];
        while (!rest.IsEmpty)
        {
            int before = path.Length - rest.Length;
            ReadOnlySpan<byte> name = PathRules.TakeName(ref rest);
            if (at.Children.Find(name) is not { } next)
                return at;
            at = next;
            length = before + name.Length;
        }
        return at;
    }
}
