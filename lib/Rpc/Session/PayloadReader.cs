using System;
using System.Buffers;
using Grpc.Core;

namespace Microkernel.Rpc;

/// <summary>Gives a marshaller a message's bytes.</summary>
internal sealed class PayloadReader(ReadOnlyMemory<byte> payload) : DeserializationContext
{
    /// <inheritdoc/>
    public override int PayloadLength => payload.Length;

    /// <inheritdoc/>
    public override byte[] PayloadAsNewBuffer() => payload.ToArray();

    /// <inheritdoc/>
    public override ReadOnlySequence<byte> PayloadAsReadOnlySequence() => new(payload);

    /// <summary>Reads a message.</summary>
    /// <exception cref="RpcException">INTERNAL, as gRPC has it: the bytes are no such message.</exception>
    internal static T Read<T>(Marshaller<T> marshaller, ReadOnlyMemory<byte> payload)
    {
        try
        {
            return marshaller.ContextualDeserializer(new PayloadReader(payload));
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw new RpcException(new Status(StatusCode.Internal, $"the bytes are no {typeof(T).Name}: {e.Message}", e));
        }
    }
}
