using System;

namespace Microkernel.XenStore;

/// <summary>Does what clients ask for, and answers.</summary>
public sealed class RequestHandler
{
    private readonly Store _store;
    private readonly TreeRequests _tree;
    private readonly WatchRequests _watches;
    private readonly TransactionRequests _transactions;
    private readonly DomainRequests _domains;
    private readonly ControlRequests _control;

    /// <summary>Handles requests to a store.</summary>
    /// <param name="store">The store.</param>
    /// <param name="domains">The domains.</param>
    /// <param name="events">Who hears of what happens to clients.</param>
    /// <param name="control">What CONTROL needs.</param>
    /// <param name="epoch">Which start of the server this is; no two that follow each other are the same.</param>
    public RequestHandler(Store store, DomainTable domains, ClientEvents events, ControlHost control, uint epoch)
    {
        _store = store;
        _tree = new TreeRequests(store);
        _watches = new WatchRequests(store, events);
        _transactions = new TransactionRequests(store, epoch);
        _domains = new DomainRequests(domains);
        _control = new ControlRequests(store, domains, control);
    }

    /// <summary>How many requests there have been.</summary>
    public ulong Count { get; private set; }

    /// <summary>The transactions of all clients.</summary>
    public TransactionRequests Transactions => _transactions;

    /// <summary>Does one request.</summary>
    public void Handle(Client client, in MessageHeader header, ReadOnlySpan<byte> payload)
    {
        Count++;
        StoreError error = Dispatch(client, header, payload);
        if (_control.IsLogging)
            _control.Log(RequestLine.Format(client, header, payload, error));
        if (error != StoreError.None)
            client.ReplyError(header, error);
    }

    private StoreError HandleTree(Client client, in MessageHeader header, ReadOnlySpan<byte> payload)
    {
        StoreError error = _transactions.Find(client, header.Transaction, out Transaction? transaction);
        if (error != StoreError.None || transaction is null)
            return error != StoreError.None ? error : _tree.Handle(client, null, header, payload);
        int before = transaction.Weight;
        error = _tree.Handle(client, transaction, header, payload);
        _store.Accounts.AddPending(client.Account, transaction.Weight - before);
        return error;
    }

    private StoreError Dispatch(Client client, in MessageHeader header, ReadOnlySpan<byte> payload)
    {
        switch (header.Type)
        {
            case MessageType.Directory or MessageType.Read or MessageType.GetPermissions or MessageType.Write
                or MessageType.MakeDirectory or MessageType.Remove or MessageType.SetPermissions or MessageType.DirectoryPart:
                return HandleTree(client, header, payload);
            case MessageType.Watch:
                return _watches.Watch(client, header, payload);
            case MessageType.Unwatch:
                return _watches.Unwatch(client, header, payload);
            case MessageType.ResetWatches:
                return _watches.Reset(client, header);
            case MessageType.TransactionStart:
                return _transactions.Start(client, header);
            case MessageType.TransactionEnd:
                return _transactions.End(client, header, payload);
            case MessageType.Control:
                return client.Caller.IsPrivileged ? _control.Handle(client, header, payload) : StoreError.EACCES;
            case MessageType.GetQuota or MessageType.SetQuota:
                return client.Caller.IsPrivileged ? _control.HandleQuota(client, header, payload) : StoreError.EACCES;
            default:
                return _domains.Handle(client, header, payload);
        }
    }
}
