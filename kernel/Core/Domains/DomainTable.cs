using System;

namespace Microkernel.Core.Domains;

/// <summary>The domain slots, and the domain that has an id now.</summary>
public sealed class DomainTable
{
    private const int FirstReservedId = 0x7FF0;

    private Domain?[] _byId = [];
    private ushort _lastId;

    /// <summary>All slots, in the manifest's order.</summary>
    public Domain[] Slots { get; private set; } = [];

    /// <summary>Makes a slot for each domain of the manifest. Only during start-up: it allocates.</summary>
    public void Create(Kernel kernel, DomainConfig[] configs)
    {
        _byId = new Domain?[FirstReservedId];
        Slots = new Domain[configs.Length];
        for (int i = 0; i < configs.Length; i++)
            Slots[i] = new Domain(kernel, i, configs[i]);
    }

    /// <summary>The domain with this id, or null.</summary>
    public Domain? Find(ushort id) => id < _byId.Length ? System.Threading.Volatile.Read(ref _byId[id]) : null;

    /// <summary>
    /// Gives the slot an id that no domain has, as Xen does: the next higher one, starting again at 1. Only life-cycle work calls it.
    /// </summary>
    public void Assign(Domain slot)
    {
        do
        {
            _lastId = (ushort)(_lastId + 1 < FirstReservedId ? _lastId + 1 : 1);
        }
        while (_byId[_lastId] != null);
        slot.Reset(_lastId);
        System.Threading.Volatile.Write(ref _byId[_lastId], slot);
    }

    /// <summary>The slot's domain is gone: nobody finds it by its id any more.</summary>
    public void Release(Domain slot)
    {
        System.Threading.Volatile.Write(ref _byId[slot.Id], null);
        slot.Id = Domain.InvalidId;
    }
}
