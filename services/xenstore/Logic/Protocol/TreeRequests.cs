using System;

namespace Microkernel.XenStore;

/// <summary>The requests that read and change the tree.</summary>
internal sealed class TreeRequests
{
    private readonly Store _store;
    private readonly TreeOperations _operations;
    private readonly PathArgument _paths = new();

    internal TreeRequests(Store store)
    {
        _store = store;
        _operations = new TreeOperations(store);
    }

    internal StoreError Handle(Client client, Transaction? transaction, in MessageHeader header, ReadOnlySpan<byte> payload)
    {
        var arguments = new Arguments(payload);
        if (!arguments.TryTake(out ReadOnlySpan<byte> text))
            return StoreError.EINVAL;
        bool mayBeSpecial = header.Type is MessageType.GetPermissions or MessageType.SetPermissions;
        ReadOnlySpan<byte> path;
        if (mayBeSpecial ? !_paths.TryReadAny(client, text, out path) : !_paths.TryRead(client, text, out path))
            return StoreError.EINVAL;
        switch (header.Type)
        {
            case MessageType.Write:
                return Replies.OkUnless(_operations.Write(client.Caller, transaction, path, arguments.Rest), client, header);
            case MessageType.SetPermissions:
                return SetPermissions(client, transaction, header, path, ref arguments);
            case MessageType.DirectoryPart:
                return DirectoryPart(client, transaction, header, path, ref arguments);
        }
        return arguments.IsAtEnd ? HandlePath(client, transaction, header, path) : StoreError.EINVAL;
    }

    private StoreError HandlePath(Client client, Transaction? transaction, in MessageHeader header, ReadOnlySpan<byte> path) =>
        header.Type switch
        {
            MessageType.Read => Read(client, transaction, header, path),
            MessageType.Directory => Directory(client, transaction, header, path),
            MessageType.GetPermissions => GetPermissions(client, transaction, header, path),
            MessageType.MakeDirectory =>
                Replies.OkUnless(_operations.MakeDirectory(client.Caller, transaction, path), client, header),
            _ => Replies.OkUnless(_operations.Remove(client.Caller, transaction, path), client, header),
        };

    private StoreError Read(Client client, Transaction? transaction, in MessageHeader header, ReadOnlySpan<byte> path)
    {
        StoreError error = _operations.Read(client.Caller, transaction, path, out Node? node);
        return error != StoreError.None ? error : Replies.Bytes(client, header, node!.Value);
    }

    private StoreError Directory(Client client, Transaction? transaction, in MessageHeader header, ReadOnlySpan<byte> path)
    {
        StoreError error = _operations.List(client.Caller, transaction, path, out Node? node);
        if (error != StoreError.None)
            return error;
        if (node!.Children.ListingLength > MessageHeader.LargestPayload)
            return StoreError.E2BIG;
        return Replies.Bytes(client, header, node.Children.Listing);
    }

    private StoreError DirectoryPart(Client client, Transaction? transaction, in MessageHeader header, ReadOnlySpan<byte> path,
        ref Arguments arguments)
    {
        if (!arguments.TryTakeOnly(out ReadOnlySpan<byte> text) || !Decimal.TryParse(text, uint.MaxValue, out uint offset))
            return StoreError.EINVAL;
        StoreError error = _operations.List(client.Caller, transaction, path, out Node? node);
        if (error != StoreError.None)
            return error;
        Span<byte> start = stackalloc byte[24];
        int length = Decimal.Format(node!.ListGeneration, start);
        start[length++] = 0;
        ReadOnlySpan<byte> rest = offset < node.Children.ListingLength ? node.Children.Listing[(int)offset..] : default;
        // The end of the list is an empty name; it must have room.
        int room = MessageHeader.LargestPayload - length - 1;
        bool isEnd = rest.Length <= room;
        if (!isEnd)
            rest = rest[..(rest[..room].LastIndexOf((byte)0) + 1)];
        Span<byte> answer = client.Reply(header, length + rest.Length + (isEnd ? 1 : 0));
        start[..length].CopyTo(answer);
        rest.CopyTo(answer[length..]);
        if (isEnd)
            answer[^1] = 0;
        return StoreError.None;
    }

    private StoreError GetPermissions(Client client, Transaction? transaction, in MessageHeader header, ReadOnlySpan<byte> path)
    {
        Permissions? permissions;
        if (path[0] == '@')
        {
            permissions = _store.Specials.Find(path);
            if (permissions is null)
                return StoreError.ENOENT;
            if (!client.Caller.May(Access.Read, permissions))
                return StoreError.EACCES;
        }
        else
        {
            StoreError error = _operations.Read(client.Caller, transaction, path, out Node? node);
            if (error != StoreError.None)
                return error;
            permissions = node!.Permissions;
        }
        return ReplyPermissions(client, header, permissions);
    }

    private static StoreError ReplyPermissions(Client client, in MessageHeader header, Permissions permissions)
    {
        Span<byte> text = stackalloc byte[MessageHeader.LargestPayload];
        int length = 0;
        foreach (Permission permission in permissions.Entries)
        {
            if (length + Permission.LongestText + 1 > text.Length)
                return StoreError.E2BIG;
            length += permission.Format(text[length..]);
            text[length++] = 0;
        }
        return Replies.Bytes(client, header, text[..length]);
    }

    private StoreError SetPermissions(Client client, Transaction? transaction, in MessageHeader header, ReadOnlySpan<byte> path,
        ref Arguments arguments)
    {
        var entries = new Permission[arguments.Rest.Count((byte)0)];
        for (int i = 0; i < entries.Length; i++)
        {
            if (!arguments.TryTake(out ReadOnlySpan<byte> text) || !Permission.TryParse(text, out entries[i]))
                return StoreError.EINVAL;
        }
        if (entries.Length == 0)
            return StoreError.EINVAL;
        StoreError error = _operations.SetPermissions(client.Caller, transaction, path, new Permissions(entries));
        return Replies.OkUnless(error, client, header);
    }
}
