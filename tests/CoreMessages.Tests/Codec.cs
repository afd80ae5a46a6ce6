using System;
using Google.Protobuf;
using Microkernel.Messages.Memory;
using Microkernel.Messages.Ring;
using Microkernel.Messages.Test;

namespace Microkernel.Messages.Tests;

/// <summary>One message type in both libraries: the core's is read and written again.</summary>
/// <param name="Name">For the test's name.</param>
/// <param name="Empty">Google's message.</param>
/// <param name="Copy">Reads with the core's reader and writes with its writer; null if the reader refuses.</param>
public sealed record Codec(string Name, Func<IMessage> Empty, Func<byte[], byte[]?> Copy)
{
    private const int Longest = 200_000;

    /// <summary>The types that hold all others.</summary>
    internal static readonly Codec[] All =
    [
        new("Everything", static () => new Protos.Test.Everything(), static b => Everything.TryRead(b, out Everything m) ? Written(m.TryWrite(Room(), out int n), n, m.Size()) : null),
        new("Envelope", static () => new Protos.Ring.Envelope(), static b => Envelope.TryRead(b, out Envelope m) ? Written(m.TryWrite(Room(), out int n), n, m.Size()) : null),
        new("Accounting", static () => new Protos.Test.Accounting(), static b => Accounting.TryRead(b, out Accounting m) ? Written(m.TryWrite(Room(), out int n), n, m.Size()) : null),
        new("Transaction", static () => new Protos.Test.Transaction(), static b => Transaction.TryRead(b, out Transaction m) ? Written(m.TryWrite(Room(), out int n), n, m.Size()) : null),
        new("PoolReport", static () => new Protos.Memory.PoolReport(), static b => PoolReport.TryRead(b, out PoolReport m) ? Written(m.TryWrite(Room(), out int n), n, m.Size()) : null),
    ];

    [ThreadStatic]
    private static byte[]? _room;

    /// <inheritdoc/>
    public override string ToString() => Name;

    private static byte[] Room() => _room ??= new byte[Longest];

    private static byte[] Written(bool isWritten, int length, int size) =>
        isWritten && length == size ? Room()[..length] : throw new InvalidOperationException($"written {isWritten}, {length} bytes, announced {size}");
}
