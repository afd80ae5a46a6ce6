using System;

namespace Microkernel.XenStore;

/// <summary>Who may do what with a node. The first entry names the owner, and what everybody without an entry may do.</summary>
public sealed class Permissions
{
    private readonly Permission[] _entries;
    private Permissions? _lastInherited;

    /// <summary>Takes over a list of at least one entry.</summary>
    public Permissions(params Permission[] entries)
    {
        ArgumentOutOfRangeException.ThrowIfZero(entries.Length);
        _entries = entries;
    }

    /// <summary>The domain that owns the node.</summary>
    public int Owner => _entries[0].Domain;

    /// <summary>The list.</summary>
    public ReadOnlySpan<Permission> Entries => _entries;

    /// <summary>What a domain that is not the owner may do.</summary>
    /// <param name="domain">The domain.</param>
    /// <param name="target">Another one whose entry counts as well; -1 for none.</param>
    public Access Of(int domain, int target)
    {
        for (int i = 1; i < _entries.Length; i++)
        {
            if (_entries[i].Domain == domain || _entries[i].Domain == target)
                return _entries[i].Access;
        }
        return _entries[0].Access;
    }

    /// <summary>The permissions of a node that a domain makes below a node with these.</summary>
    /// <param name="creator">The domain; -1 if the owner stays the same.</param>
    public Permissions InheritedBy(int creator)
    {
        if (creator < 0 || creator == Owner)
            return this;
        // A domain makes many nodes in a row below the same one; they share one list.
        if (_lastInherited?.Owner == creator)
            return _lastInherited;
        Permission[] entries = [.. _entries];
        entries[0] = entries[0] with { Domain = creator };
        return _lastInherited = new Permissions(entries);
    }

    /// <summary>The same without entries about a domain, except as owner; this list itself if there are none.</summary>
    public Permissions Without(int domain)
    {
        int kept = 1;
        for (int i = 1; i < _entries.Length; i++)
            kept += _entries[i].Domain != domain ? 1 : 0;
        if (kept == _entries.Length)
            return this;
        return new Permissions([_entries[0], .. Array.FindAll(_entries[1..], e => e.Domain != domain)]);
    }

    /// <summary>Whether two lists are the same.</summary>
    public bool HasSameEntries(Permissions other) => ReferenceEquals(this, other) || Entries.SequenceEqual(other.Entries);
}
