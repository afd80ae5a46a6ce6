using System.Collections.Generic;

namespace Microkernel.XenStore;

/// <summary>The domains that the store has been told of, and what happens when they come and go.</summary>
public sealed class DomainTable
{
    private readonly Dictionary<int, Domain> _domains = [];
    private readonly Store _store;
    private readonly ClientEvents _events;

    /// <summary>No domains.</summary>
    public DomainTable(Store store, ClientEvents events)
    {
        _store = store;
        _events = events;
    }

    /// <summary>Who connects rings.</summary>
    public DomainHost Host { get; set; } = new();

    /// <summary>All domains.</summary>
    public IReadOnlyCollection<Domain> All => _domains.Values;

    /// <summary>A domain that there is.</summary>
    public Domain? Find(int id) => _domains.GetValueOrDefault(id);

    /// <summary>A domain, which from now on there is.</summary>
    public Domain Make(int id)
    {
        if (!_domains.TryGetValue(id, out Domain? domain))
            _domains.Add(id, domain = new Domain(id));
        return domain;
    }

    /// <summary>Whether a domain's ring is connected.</summary>
    public bool IsIntroduced(int id) => Find(id) is { IsIntroduced: true };

    /// <summary>Connects a domain. One that is connected already is connected again, with what is new.</summary>
    public StoreError Introduce(int id, ulong frame, uint port, ulong generation)
    {
        Domain domain = Make(id);
        bool isNew = !domain.IsIntroduced;
        if (!isNew && generation != domain.Generation)
        {
            Release(id);
            return Introduce(id, frame, port, generation);
        }
        if (!isNew && domain.Frame == frame && domain.Port == port)
            return StoreError.None;
        if (!isNew)
            CloseClient(domain);
        domain.Restore(false, frame, port, generation, domain.Target, domain.Features, isShutDown: false);
        domain.Client = NewClient(domain);
        if (!Host.Connect(domain))
        {
            domain.Client = null;
            return StoreError.EINVAL;
        }
        domain.IsIntroduced = true;
        _events.DomainChanged(domain);
        if (isNew)
            _store.Watches.FireSpecial(Specials.Introduce, id, _store.Specials.Find(Specials.Introduce)!);
        return StoreError.None;
    }

    /// <summary>Forgets a domain and everything that it had.</summary>
    public StoreError Release(int id)
    {
        if (!_domains.Remove(id, out Domain? domain))
            return StoreError.ENOENT;
        CloseClient(domain);
        _events.DomainReleased(domain);
        _store.ReleaseDomain(id);
        TellRelease(id);
        return StoreError.None;
    }

    /// <summary>A domain has shut down: those who wait for that are told, once.</summary>
    public void ShutDown(int id)
    {
        if (Find(id) is not { IsShutDown: false } domain)
            return;
        domain.IsShutDown = true;
        _events.DomainChanged(domain);
        TellRelease(id);
    }

    /// <summary>A domain that was shut down runs again.</summary>
    public StoreError Resume(int id)
    {
        if (Find(id) is not { IsIntroduced: true } domain)
            return StoreError.ENOENT;
        domain.IsShutDown = false;
        _events.DomainChanged(domain);
        return StoreError.None;
    }

    /// <summary>Gives a domain the rights of another one too.</summary>
    public StoreError SetTarget(int id, int target)
    {
        if (Find(id) is not { IsIntroduced: true } domain || Find(target) is not { IsIntroduced: true })
            return StoreError.ENOENT;
        domain.Target = target;
        domain.Client!.SetTarget(target);
        _events.DomainChanged(domain);
        return StoreError.None;
    }

    /// <summary>Restricts what a domain's connection offers, before it is introduced.</summary>
    public StoreError SetFeatures(int id, uint features)
    {
        if ((features & ~ServerFeatures.All) != 0)
            return StoreError.EINVAL;
        if (IsIntroduced(id))
            return StoreError.EBUSY;
        Domain domain = Make(id);
        domain.Features = features;
        _events.DomainChanged(domain);
        return StoreError.None;
    }

    /// <summary>Takes a domain up again as it is on record, with its ring.</summary>
    public bool Reconnect(Domain domain)
    {
        domain.Client = NewClient(domain);
        return Host.Connect(domain);
    }

    private Client NewClient(Domain domain) =>
        new(new Caller(domain.Id, domain.Target, domain.Id == 0), isDomain: true, _store.Accounts.Of(domain.Id), _events);

    private void CloseClient(Domain domain)
    {
        if (domain.Client is null)
            return;
        Host.Disconnect(domain);
        ClientState.Reset(_store, domain.Client, _events);
        domain.Client = null;
        domain.IsIntroduced = false;
    }

    private void TellRelease(int id) =>
        _store.Watches.FireSpecial(Specials.Release, id, _store.Specials.Find(Specials.Release)!);
}
