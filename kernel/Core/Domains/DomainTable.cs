using System;
using System.Threading;
using Microkernel.Core.Abi;
using Microkernel.Core.Hardware;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Domains;

/// <summary>The domain slots, and the domain that has an id now.</summary>
public sealed class DomainTable
{
    private readonly TicketLock _lock = new();
    private Domain?[] _byId = [];
    private int _entries;
    private ushort _lastId;
    private uint _lastGeneration;

    /// <summary>All slots: the manifest's entries in its order, then those for other domains.</summary>
    public Domain[] Slots { get; private set; } = [];

    /// <summary>The vCPUs of domains that come and go.</summary>
    public VcpuPool Vcpus { get; private set; } = new(0);

    /// <summary>The rings of the manifest.</summary>
    public RingConfig[] Rings { get; internal set; } = [];

    /// <summary>Entries of the manifest, which have the ids 1 to this number; others have higher ones.</summary>
    public int EntryCount => _entries;

    /// <summary>The generation given last.</summary>
    public uint LastGeneration => _lastGeneration;

    /// <summary>
    /// Makes a slot for each entry of the manifest, <paramref name="others"/> more, and <paramref name="vcpus"/> vCPUs for those and for
    /// services. Only during start-up: it allocates.
    /// </summary>
    public void Create(Kernel kernel, DomainConfig[] configs, int others, int vcpus)
    {
        _byId = new Domain?[DomainIds.FirstReserved];
        _entries = configs.Length;
        _lastId = (ushort)_entries;
        int most = Math.Min(vcpus, DomainConfig.MostVcpus);
        byte[] guest = "guest"u8.ToArray();
        Slots = new Domain[_entries + others];
        for (int i = 0; i < Slots.Length; i++)
        {
            DomainConfig config = i < _entries ? configs[i] : new DomainConfig { Name = guest };
            bool isMade = i >= _entries || config.IsService;
            Slots[i] = new Domain(kernel, i, config, isMade ? most : config.VcpuCount, isMade);
        }

        Vcpus = new VcpuPool(vcpus);
        while (Vcpus.FreeCount < vcpus)
            Vcpus.Add(new Vcpu(Slots[^1], 0));
    }

    /// <summary>Raises a virtual interrupt for the domains that have a privilege.</summary>
    public void Raise(uint virq, Privilege privilege)
    {
        foreach (Domain domain in Slots)
        {
            if (domain.State == DomainState.Running && (domain.Config.Privileges & privilege) != 0)
                domain.Events.SendVirq(domain.VcpuAt(0), virq);
        }
    }

    /// <summary>The domain with this id, or null.</summary>
    public Domain? Find(ushort id) => id < _byId.Length ? Volatile.Read(ref _byId[id]) : null;

    /// <summary>Raises <paramref name="id"/> to the lowest one from there on that a domain has; false if there is none.</summary>
    public bool TryFindFrom(ref ushort id)
    {
        ushort found = DomainIds.FirstReserved;
        foreach (Domain domain in Slots)
        {
            if (domain.Id >= id && domain.Id < found)
                found = domain.Id;
        }

        id = found;
        return found != DomainIds.FirstReserved;
    }

    /// <summary>
    /// Takes an empty slot for a new domain: that of the service with the id <paramref name="service"/>, or any for a guest (0).
    /// </summary>
    /// <returns>0, EEXIST (it exists), EINVAL (no service has this id) or ENOMEM (no slot is empty).</returns>
    public long TryReserve(ushort service, out Domain? slot)
    {
        using TicketLock.Holder held = _lock.Hold();
        slot = null;
        if (service != 0)
        {
            if (service > _entries)
                return XenError.EINVAL;

            slot = Slots[service - 1];
            if (slot.State != DomainState.Empty || !slot.IsMade)
                return XenError.EEXIST;
        }
        else
        {
            for (int i = _entries; i < Slots.Length && slot == null; i++)
                slot = Slots[i].State == DomainState.Empty ? Slots[i] : null;
        }

        if (slot == null)
            return XenError.ENOMEM;

        slot.State = DomainState.Created;
        return 0;
    }

    /// <summary>
    /// Gives the slot's new domain its id: an entry's number, always or for its first domain, else the next higher one that no domain has,
    /// as Xen does. Nobody else works on the slot.
    /// </summary>
    public void Assign(Domain slot)
    {
        using TicketLock.Holder held = _lock.Hold();
        bool isNumbered = slot.Slot < _entries && (slot.Config.KeepsId || slot.Generation == 0);
        ushort id = isNumbered ? (ushort)(slot.Slot + 1) : NextId();
        slot.Generation = ++_lastGeneration;
        slot.Reset(id);
        slot.Config.WriteHandle(slot.Handle);
        Volatile.Write(ref _byId[id], slot);
    }

    /// <summary>The slot's domain is gone: nobody finds it by its id any more.</summary>
    public void Release(Domain slot)
    {
        using TicketLock.Holder held = _lock.Hold();
        Volatile.Write(ref _byId[slot.Id], null);
        slot.Reset(Domain.InvalidId);
        slot.State = DomainState.Empty;
    }

    private ushort NextId()
    {
        do
            _lastId = (ushort)(_lastId + 1 < DomainIds.FirstReserved ? _lastId + 1 : _entries + 1);
        while (_byId[_lastId] != null);
        return _lastId;
    }
}
