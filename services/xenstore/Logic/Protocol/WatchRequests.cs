using System;

namespace Microkernel.XenStore;

/// <summary>The requests about watches.</summary>
internal sealed class WatchRequests
{
    private const uint DeepestWatch = 4096;

    private readonly Store _store;
    private readonly ClientEvents _events;
    private readonly PathArgument _paths = new();

    internal WatchRequests(Store store, ClientEvents events)
    {
        _store = store;
        _events = events;
    }

    internal StoreError Watch(Client client, in MessageHeader header, ReadOnlySpan<byte> payload)
    {
        var arguments = new Arguments(payload);
        if (!TryReadWatch(client, ref arguments, out ReadOnlySpan<byte> path, out ReadOnlySpan<byte> token, out int baseLength)
            || !TryReadDepth(arguments.Rest, path[0] == (byte)'@', out int depth))
            return StoreError.EINVAL;
        if (Find(client, path, token, baseLength) is not null)
            return StoreError.EEXIST;
        if (!client.Caller.IsPrivileged && !client.Account.Quotas.Allows(Quota.Watches, client.Account.Watches + 1))
            return StoreError.E2BIG;
        var watch = new Watch(client, path.ToArray(), baseLength, token.ToArray(), depth);
        if (!_store.Accounts.AllowsPending(client.Caller, client.Account, watch.Weight))
            return StoreError.ENOSPC;
        ClientState.Add(_store, client, watch);
        _events.WatchAdded(client, watch);
        Replies.Ok(client, header);
        watch.Fire(watch.Path);
        return StoreError.None;
    }

    internal StoreError Unwatch(Client client, in MessageHeader header, ReadOnlySpan<byte> payload)
    {
        var arguments = new Arguments(payload);
        if (!TryReadWatch(client, ref arguments, out ReadOnlySpan<byte> path, out ReadOnlySpan<byte> token, out int baseLength))
            return StoreError.EINVAL;
        if (Find(client, path, token, baseLength) is not { } watch)
            return StoreError.ENOENT;
        ClientState.Remove(_store, client, watch);
        _events.WatchRemoved(client, watch);
        return Replies.Ok(client, header);
    }

    internal StoreError Reset(Client client, in MessageHeader header)
    {
        ClientState.Reset(_store, client, _events);
        return Replies.Ok(client, header);
    }

    private bool TryReadWatch(Client client, ref Arguments arguments, out ReadOnlySpan<byte> path, out ReadOnlySpan<byte> token,
        out int baseLength)
    {
        path = default;
        token = default;
        baseLength = 0;
        if (!arguments.TryTake(out ReadOnlySpan<byte> text) || !arguments.TryTake(out token)
            || !_paths.TryReadAny(client, text, out path))
            return false;
        baseLength = text[0] is (byte)'/' or (byte)'@' ? 0 : client.BasePath.Length;
        return true;
    }

    private static bool TryReadDepth(ReadOnlySpan<byte> rest, bool isSpecial, out int depth)
    {
        depth = -1;
        var arguments = new Arguments(rest);
        if (rest.IsEmpty)
            return true;
        if (!arguments.TryTakeOnly(out ReadOnlySpan<byte> text) || !Decimal.TryParse(text, DeepestWatch, out uint number))
            return false;
        depth = (int)number;
        return !isSpecial || depth == 1;
    }

    private static Watch? Find(Client client, ReadOnlySpan<byte> path, ReadOnlySpan<byte> token, int baseLength)
    {
        foreach (Watch watch in client.Watches)
        {
            if (watch.BaseLength == baseLength && path.SequenceEqual(watch.Path) && token.SequenceEqual(watch.Token))
                return watch;
        }
        return null;
    }
}
