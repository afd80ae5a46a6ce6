using System;
using Google.Protobuf;

namespace Microkernel.Services.Toolstack.Guests;

/// <summary>Identities of guests, and of claims of memory.</summary>
internal static class Uuids
{
    internal static ByteString New() => ByteString.CopyFrom(Guid.NewGuid().ToByteArray(bigEndian: true));

    internal static string ToText(ByteString uuid) => new Guid(uuid.Span, bigEndian: true).ToString();
}
