using System;
using System.Collections.Generic;

namespace Microkernel.XenStore;

/// <summary>The children of a node by name. Never changes.</summary>
public sealed class ChildList
{
    /// <summary>No children, and never any.</summary>
    public static readonly ChildList Empty = new(null, 0, 0, 0, []);

    private readonly Branch? _root;
    private readonly int _listingLength;
    private byte[]? _listing;

    private ChildList(Branch? root, int count, int listingLength, ulong generation, byte[]? listing)
    {
        _root = root;
        Count = count;
        _listingLength = listingLength;
        Generation = generation;
        _listing = listing;
    }

    /// <summary>How many.</summary>
    public int Count { get; }

    /// <summary>The change that last added or removed one.</summary>
    public ulong Generation { get; }

    /// <summary>Every name with a zero byte after it, in order.</summary>
    public ReadOnlySpan<byte> Listing => _listing ??= MakeListing();

    /// <summary>How long <see cref="Listing"/> is.</summary>
    public int ListingLength => _listingLength;

    /// <summary>The children by name.</summary>
    public IEnumerable<Branch> All => After([]);

    /// <summary>The children whose names are behind one, by name.</summary>
    public IEnumerable<Branch> After(byte[] name) => Branch.InOrder(_root, name);

    /// <summary>The child of a name.</summary>
    public Node? Find(ReadOnlySpan<byte> name) => Branch.Find(_root, name);

    /// <summary>The same with a child put in or exchanged.</summary>
    public ChildList With(ReadOnlySpan<byte> name, Node child, ulong generation)
    {
        Branch root = Branch.Put(_root, name, child, out bool isNew);
        return isNew
            ? new ChildList(root, Count + 1, _listingLength + name.Length + 1, generation, null)
            : new ChildList(root, Count, _listingLength, Generation, _listing);
    }

    /// <summary>The same without a child.</summary>
    public ChildList Without(ReadOnlySpan<byte> name, ulong generation, out Node? removed)
    {
        Branch? root = Branch.Remove(_root, name, out removed);
        return removed is null ? this : new ChildList(root, Count - 1, _listingLength - name.Length - 1, generation, null);
    }

    /// <summary>A list of children that are in order already.</summary>
    public static ChildList FromSorted(ReadOnlySpan<(byte[] Name, Node Node)> children, ulong generation)
    {
        if (children.IsEmpty && generation == 0)
            return Empty;
        int length = 0;
        foreach ((byte[] name, _) in children)
            length += name.Length + 1;
        return new ChildList(Branch.FromSorted(children), children.Length, length, generation, null);
    }

    private byte[] MakeListing()
    {
        var listing = new byte[_listingLength];
        int at = 0;
        foreach (Branch child in All)
        {
            child.Name.CopyTo(listing, at);
            at += child.Name.Length + 1;
        }
        return listing;
    }
}
