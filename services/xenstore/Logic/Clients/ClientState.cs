namespace Microkernel.XenStore;

/// <summary>Changes of what a client has, which concern the store too.</summary>
public static class ClientState
{
    /// <summary>Drops a client's watches and transactions.</summary>
    public static void Reset(Store store, Client client, ClientEvents events)
    {
        long weight = 0;
        foreach (Watch watch in client.Watches)
        {
            store.Watches.Remove(watch);
            weight += watch.Weight;
        }
        foreach (Transaction transaction in client.Transactions)
            weight += transaction.Weight;
        client.Account.Watches -= client.Watches.Count;
        client.Account.Transactions -= client.Transactions.Count;
        store.Accounts.AddPending(client.Account, -weight);
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
        store.Accounts.AddPending(client.Account, watch.Weight);
    }

    /// <summary>Takes a watch away.</summary>
    public static void Remove(Store store, Client client, Watch watch)
    {
        store.Watches.Remove(watch);
        client.Watches.Remove(watch);
        client.Account.Watches--;
        store.Accounts.AddPending(client.Account, -watch.Weight);
    }

    /// <summary>Adds a transaction.</summary>
    public static void Add(Store store, Client client, Transaction transaction)
    {
        client.Transactions.Add(transaction);
        client.Account.Transactions++;
        store.Accounts.AddPending(client.Account, transaction.Weight);
    }

    /// <summary>Takes a transaction away.</summary>
    public static void Remove(Store store, Client client, Transaction transaction)
    {
        client.Transactions.Remove(transaction);
        client.Account.Transactions--;
        store.Accounts.AddPending(client.Account, -transaction.Weight);
    }

    /// <summary>Lets go of what a transaction has seen and changed: it can only end in EAGAIN any more.</summary>
    public static void Expire(Store store, Client client, Transaction transaction)
    {
        int before = transaction.Weight;
        transaction.Expire(store.Root);
        store.Accounts.AddPending(client.Account, transaction.Weight - before);
    }
}
