using System;
using System.Collections.Generic;
using System.Text;

namespace Microkernel.XenStore;

/// <summary>A connection: its rights, watches, transactions, and what is on its way to it.</summary>
public sealed class Client : Watcher
{
    private const int ClientLimit = 16 << 10;
    private const int ControlLimit = 1 << 20;

    private readonly ClientEvents _events;
    private readonly byte[] _base;
    private Caller _caller;

    /// <summary>A connection.</summary>
    /// <param name="caller">Its rights.</param>
    /// <param name="isDomain">Whether it is a domain's ring and not a socket.</param>
    /// <param name="account">The account of its domain.</param>
    /// <param name="events">Who hears of its changes.</param>
    public Client(Caller caller, bool isDomain, Account account, ClientEvents events)
    {
        _caller = caller;
        IsDomain = isDomain;
        Account = account;
        _events = events;
        _base = Encoding.ASCII.GetBytes($"/local/domain/{caller.Domain}/");
    }

    /// <inheritdoc/>
    public override Caller Caller => _caller;

    /// <summary>Whether it is a domain's ring and not a socket.</summary>
    public bool IsDomain { get; }

    /// <summary>The account of its domain.</summary>
    public Account Account { get; }

    /// <summary>What its relative paths are relative to, with the slash; nothing for sockets.</summary>
    public ReadOnlySpan<byte> BasePath => IsDomain ? _base : default;

    /// <summary>What carries its messages.</summary>
    public ClientConnection? Connection { get; set; }

    /// <summary>Whether something happened to it that is not recorded and sent yet.</summary>
    internal bool IsTouched { get; set; }

    /// <summary>How many of the bytes on their way to it are recorded.</summary>
    internal ulong RecordedOutput { get; set; }

    /// <summary>Messages on their way to it.</summary>
    public OutputQueue Output { get; } = new();

    /// <summary>Its watches.</summary>
    public List<Watch> Watches { get; } = [];

    /// <summary>Its transactions.</summary>
    public List<Transaction> Transactions { get; } = [];

    /// <summary>Whether an earlier server had it already, with transactions perhaps.</summary>
    public bool IsRestored { get; private set; }

    /// <summary>Whether it was slow, events were dropped, and it must be told of every watch.</summary>
    public bool HasLostEvents { get; private set; }

    /// <summary>Whether it takes its messages fast enough for more of its requests to be done.</summary>
    public bool MayRequest => Output.Length == 0
        || Output.Length < OutputLimit / 2 && (_caller.IsPrivileged || Account.Quotas.Allows(Quota.Outstanding, Output.Messages));

    private int OutputLimit => _caller.IsPrivileged ? ControlLimit : ClientLimit;

    /// <summary>Gives it the rights of another domain too.</summary>
    public void SetTarget(int target) => _caller = _caller with { Target = target };

    /// <inheritdoc/>
    public override void Hear(Watch watch, ReadOnlySpan<byte> path)
    {
        if (HasLostEvents)
            return;
        if (Output.Length > OutputLimit)
        {
            SetLost(true);
            return;
        }
        SendEvent(watch, path);
    }

    /// <summary>If events were dropped and there is room again: tells of every watch.</summary>
    public void MakeUpForLost()
    {
        if (!HasLostEvents || Output.Length > OutputLimit / 2)
            return;
        SetLost(false);
        foreach (Watch watch in Watches)
            SendEvent(watch, watch.OwnPath);
    }

    /// <summary>Answers a request.</summary>
    /// <returns>Where the answer goes.</returns>
    public Span<byte> Reply(scoped in MessageHeader request, int length)
    {
        _events.Touched(this);
        return Output.Add(request with { Length = (uint)length });
    }

    /// <summary>Answers a request with an error.</summary>
    public void ReplyError(in MessageHeader request, StoreError error)
    {
        ReadOnlySpan<byte> name = ErrorNames.Of(error);
        name.CopyTo(Reply(request with { Type = MessageType.Error }, name.Length));
    }

    /// <summary>The transaction of an id.</summary>
    public Transaction? FindTransaction(uint id)
    {
        foreach (Transaction transaction in Transactions)
        {
            if (transaction.Id == id)
                return transaction;
        }
        return null;
    }

    /// <summary>Makes it one that an earlier server had already.</summary>
    public void Restore(bool hasLostEvents)
    {
        HasLostEvents = hasLostEvents;
        IsRestored = true;
    }

    private void SendEvent(Watch watch, ReadOnlySpan<byte> path)
    {
        int length = path.Length + watch.Token.Length + 2;
        if (length > MessageHeader.LargestPayload)
        {
            // Its own path and token came in one message: they fit.
            path = watch.OwnPath;
            length = path.Length + watch.Token.Length + 2;
        }
        _events.Touched(this);
        Span<byte> place = Output.Add(new MessageHeader(MessageType.WatchEvent, 0, 0, (uint)length));
        path.CopyTo(place);
        place[path.Length] = 0;
        watch.Token.CopyTo(place[(path.Length + 1)..]);
        place[^1] = 0;
    }

    private void SetLost(bool value)
    {
        HasLostEvents = value;
        _events.LostChanged(this);
    }
}
