using System;
using System.Globalization;
using System.Text;

namespace Microkernel.XenStore;

/// <summary>A request and what came of it, as a line of the log.</summary>
internal static class RequestLine
{
    /// <summary>Of a long payload, the beginning.</summary>
    private const int MostPayload = 256;

    internal static string Format(Client client, in MessageHeader header, ReadOnlySpan<byte> payload, StoreError error)
    {
        var line = new StringBuilder();
        line.Append(CultureInfo.InvariantCulture, $"{(client.IsDomain ? $"domain {client.Caller.Domain}" : "socket")}: {header.Type} ");
        foreach (byte c in payload[..Math.Min(payload.Length, MostPayload)])
            line.Append(c switch { 0 => '|', < 0x20 or > 0x7e => '?', _ => (char)c });
        if (payload.Length > MostPayload)
            line.Append("...");
        if (header.Transaction != 0)
            line.Append(CultureInfo.InvariantCulture, $" in transaction {header.Transaction}");
        return line.Append(": ").Append(error == StoreError.None ? "OK" : error.ToString()).ToString();
    }
}
