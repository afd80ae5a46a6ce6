namespace Microkernel.XenStore;

/// <summary>Changes of what a client has, which concern the store too.</summary>
public static class ClientState
{
    /// <summary>Drops a client's watches and transactions.</summary>
    public static void Reset(Store store, Client client, ClientEvents events)
    {
        foreach (Watch watch in client.Watches)
            store.Watches.Remove(watch);
        client.Account.Watches -= client.Watches.Count;
        client.Account.Transactions -= client.Transactions.Count;
        client.Watches.Clear();
        client.Transactions.Clear();
        events.WatchesReset(client);
    }

    /// <summary>Adds a watch.</summary>
    public static void Add(Store store, Client client, Watch watch)
    {
        store.Watches.Add(watch);
        client.Watches.Add(watch);
        client.Account.Watches++;
    }

    /// <summary>Takes a watch away.</summary>
    public static void Remove(Store store, Client client, Watch watch)
    {
        store.Watches.Remove(watch);
        client.Watches.Remove(watch);
        client.Account.Watches--;
    }
}
