using System;
using System.Buffers;
using Grpc.Core;

namespace Microkernel.Rpc;

/// <summary>Takes a message's bytes from a marshaller.</summary>
internal sealed class PayloadWriter : SerializationContext, IBufferWriter<byte>
{
    private const int Smallest = 256;

    private byte[] _bytes = [];
    private int _length;

    /// <inheritdoc/>
    public override void SetPayloadLength(int payloadLength) => _bytes = new byte[payloadLength];

    /// <inheritdoc/>
    public override IBufferWriter<byte> GetBufferWriter() => this;

    /// <inheritdoc/>
    public override void Complete()
    {
    }

    /// <inheritdoc/>
    public override void Complete(byte[] payload) => (_bytes, _length) = (payload, payload.Length);

    /// <inheritdoc/>
    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)(_bytes.Length - _length));
        _length += count;
    }

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_bytes.Length - _length < Math.Max(sizeHint, 1))
            Array.Resize(ref _bytes, Math.Max(_length + Math.Max(sizeHint, Smallest), _bytes.Length * 2));
        return _bytes.AsMemory(_length);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <summary>A message's bytes.</summary>
    internal static ReadOnlyMemory<byte> Write<T>(Marshaller<T> marshaller, T message)
    {
        var writer = new PayloadWriter();
        marshaller.ContextualSerializer(message, writer);
        return writer._bytes.AsMemory(0, writer._length);
    }
}
