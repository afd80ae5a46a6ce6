using System;

namespace Microkernel.XenStore;

/// <summary>Common answers.</summary>
internal static class Replies
{
    /// <summary>Answers with bytes, if they fit.</summary>
    internal static StoreError Bytes(Client client, in MessageHeader request, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > MessageHeader.LargestPayload)
            return StoreError.E2BIG;
        bytes.CopyTo(client.Reply(request, bytes.Length));
        return StoreError.None;
    }

    /// <summary>Answers OK.</summary>
    internal static StoreError Ok(Client client, in MessageHeader request) => Bytes(client, request, "OK\0"u8);

    /// <summary>Answers OK, unless there is an error.</summary>
    internal static StoreError OkUnless(StoreError error, Client client, in MessageHeader request) =>
        error != StoreError.None ? error : Ok(client, request);

    /// <summary>Answers with a number.</summary>
    internal static StoreError Number(Client client, in MessageHeader request, ulong value)
    {
        Span<byte> text = stackalloc byte[24];
        int length = Decimal.Format(value, text);
        text[length] = 0;
        return Bytes(client, request, text[..(length + 1)]);
    }
}
