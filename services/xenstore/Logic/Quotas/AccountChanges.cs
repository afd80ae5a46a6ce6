using System;

namespace Microkernel.XenStore;

/// <summary>What changes of the tree mean for the domains that own nodes or are named in permissions.</summary>
internal sealed class AccountChanges
{
    private AccountChange[] _changes = new AccountChange[8];
    private int _count;

    internal ReadOnlySpan<AccountChange> All => _changes.AsSpan(0, _count);

    internal void Clear() => _count = 0;

    internal void Add(Node node, int nameLength) => Add(node, nameLength, 1);

    internal void Remove(Node node, int nameLength) => Add(node, nameLength, -1);

    private void Add(Node node, int nameLength, int sign)
    {
        ref AccountChange owner = ref Of(node.Permissions.Owner);
        owner.Nodes += sign;
        owner.Memory += sign * node.Weight(nameLength);
        ReadOnlySpan<Permission> entries = node.Permissions.Entries;
        for (int i = 1; i < entries.Length; i++)
            Of(entries[i].Domain).Mentions += sign;
    }

    private ref AccountChange Of(int domain)
    {
        for (int i = _count - 1; i >= 0; i--)
        {
            if (_changes[i].Domain == domain)
                return ref _changes[i];
        }
        if (_count == _changes.Length)
            Array.Resize(ref _changes, 2 * _count);
        _changes[_count] = new AccountChange { Domain = domain };
        return ref _changes[_count++];
    }
}
