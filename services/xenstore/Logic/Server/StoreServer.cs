using System.Collections.Generic;

namespace Microkernel.XenStore;

/// <summary>
/// The whole store: requests change it, a batch of requests is recorded, and then their answers go. One thread at a time.
/// </summary>
public sealed class StoreServer
{
    private List<Client> _spare = [];
    private readonly ServerEvents _events;

    /// <summary>A server of a store that may hold something already.</summary>
    /// <param name="store">The store.</param>
    /// <param name="recorder">Records what happens.</param>
    /// <param name="control">What CONTROL needs.</param>
    /// <param name="epoch">Which start this is.</param>
    public StoreServer(Store store, Recorder recorder, ControlHost control, uint epoch)
    {
        Store = store;
        Recorder = recorder;
        _events = new ServerEvents(recorder);
        Domains = new DomainTable(store, _events);
        Handler = new RequestHandler(store, Domains, _events, control, epoch);
        store.Log = recorder;
    }

    /// <summary>The store.</summary>
    public Store Store { get; }

    /// <summary>The domains.</summary>
    public DomainTable Domains { get; }

    /// <summary>Does requests.</summary>
    public RequestHandler Handler { get; }

    /// <summary>Hears of what happens to clients.</summary>
    public ClientEvents Events => _events;

    /// <summary>Records what happens.</summary>
    public Recorder Recorder { get; }

    /// <summary>A client by a socket: the control domain.</summary>
    public Client NewSocketClient() => new(Caller.Control, isDomain: false, Store.Accounts.Of(0), _events);

    /// <summary>A client is gone.</summary>
    public void Forget(Client client)
    {
        client.Connection = null;
        ClientState.Reset(Store, client, _events);
    }

    /// <summary>To be called about once a second: dooms transactions that domains keep open for too long.</summary>
    /// <param name="now">The time, in milliseconds.</param>
    public void Tick(long now)
    {
        foreach (Domain domain in Domains.All)
        {
            if (domain.Client is { } client)
                Handler.Transactions.DoomOld(client, now);
        }
    }

    /// <summary>Records what has happened since the last time, and lets the answers go.</summary>
    public void EndBatch()
    {
        List<Client> touched = _events.TakeTouched(_spare);
        foreach (Client client in touched)
            client.MakeUpForLost();
        Recorder.Commit(touched);
        foreach (Client client in touched)
        {
            client.IsTouched = false;
            client.Connection?.Flush();
        }
        touched.Clear();
        _spare = touched;
    }
}
