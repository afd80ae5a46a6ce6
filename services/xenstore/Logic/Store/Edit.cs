using System;

namespace Microkernel.XenStore;

/// <summary>Makes a changed tree from a tree, and adds up what that means for accounts. Used again and again.</summary>
internal sealed class Edit
{
    private int _creator;
    private byte[]? _value;
    private Permissions? _permissions;
    private Node? _old;
    private Node? _new;
    private Node? _parent;
    private int _madeLength;

    internal AccountChanges Accounts { get; } = new();

    internal ulong Generation { get; private set; }

    /// <summary>Does one change.</summary>
    /// <returns>The new root.</returns>
    internal Node Apply(Node root, in Change change, ulong generation, out Outcome outcome)
    {
        Generation = generation;
        (_creator, _value, _permissions) = (change.Creator, change.Value, change.Permissions);
        (_old, _new, _parent, _madeLength) = (null, null, null, 0);
        ReadOnlySpan<byte> rest = change.Path[1..];
        Node changed = change.Kind == ChangeKind.Remove ? Remove(root, rest) : Put(root, rest, nameLength: 0);
        outcome = new(_old, _new, _parent, change.Path.Length - _madeLength);
        return changed;
    }

    private Node Put(Node at, ReadOnlySpan<byte> rest, int nameLength)
    {
        if (rest.IsEmpty)
            return Replace(at, nameLength);
        int restLength = rest.Length;
        ReadOnlySpan<byte> name = PathRules.TakeName(ref rest);
        _parent = at;
        Node child;
        if (at.Children.Find(name) is { } existing)
        {
            child = Put(existing, rest, name.Length);
            if (ReferenceEquals(child, existing))
                return at;
        }
        else
        {
            _madeLength = restLength + (nameLength == 0 ? 0 : 1);
            child = Make(at.Permissions, rest, name.Length);
        }
        return at.With(at.Children.With(name, child, Generation));
    }

    private Node Replace(Node at, int nameLength)
    {
        _old = at;
        if (_value is null && _permissions is null)
            return _new = at;
        _new = new Node(_value ?? at.Value, _permissions ?? at.Permissions, Generation, at.Children);
        Accounts.Remove(at, nameLength);
        Accounts.Add(_new, nameLength);
        return _new;
    }

    private Node Make(Permissions above, ReadOnlySpan<byte> rest, int nameLength)
    {
        Permissions permissions = above.InheritedBy(_creator);
        Node made;
        if (rest.IsEmpty)
        {
            made = _new = new Node(_value ?? [], _permissions ?? permissions, Generation, ChildList.Empty);
        }
        else
        {
            ReadOnlySpan<byte> name = PathRules.TakeName(ref rest);
            Node child = Make(permissions, rest, name.Length);
            made = new Node([], permissions, Generation, ChildList.Empty.With(name, child, Generation));
            if (rest.IsEmpty)
                _parent = made;
        }
        Accounts.Add(made, nameLength);
        return made;
    }

    private Node Remove(Node at, ReadOnlySpan<byte> rest)
    {
        ReadOnlySpan<byte> name = PathRules.TakeName(ref rest);
        if (rest.IsEmpty)
        {
            ChildList left = at.Children.Without(name, Generation, out _old);
            if (_old is null)
                return at;
            _parent = at;
            RemoveAccounts(_old, name.Length);
            return at.With(left);
        }
        if (at.Children.Find(name) is not { } existing)
            return at;
        Node child = Remove(existing, rest);
        return ReferenceEquals(child, existing) ? at : at.With(at.Children.With(name, child, Generation));
    }

    private void RemoveAccounts(Node node, int nameLength)
    {
        Accounts.Remove(node, nameLength);
        foreach (Branch child in node.Children.All)
            RemoveAccounts(child.Node, child.Name.Length);
    }
}
