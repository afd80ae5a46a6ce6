using System;
using System.Collections.Generic;
using System.Text;

namespace Microkernel.XenStore.Tests.Support;

/// <summary>A ring page in an array, and the domain that uses it.</summary>
internal sealed class MemoryPage : RingPage
{
    private readonly byte[] _page;
    private readonly List<byte> _received = [];
    private uint _request;

    internal MemoryPage(byte[]? page = null) => _page = page ?? new byte[4096];

    internal byte[] Array => _page;

    internal int Rings { get; private set; }

    public override Span<byte> Memory => _page;

    public override void Notify() => Rings++;

    public override void Dispose()
    {
    }

    internal uint Get(int field) => RingFields.Read(_page, field);

    internal void Set(int field, uint value) => RingFields.Write(_page, field, value);

    /// <summary>Writes as much as there is room for.</summary>
    internal int Write(ReadOnlySpan<byte> bytes)
    {
        uint end = Get(RingFields.RequestProducer);
        int count = Math.Min(bytes.Length, RingFields.QueueSize - (int)(end - Get(RingFields.RequestConsumer)));
        for (int i = 0; i < count; i++)
            _page[RingFields.Requests + (end + i) % RingFields.QueueSize] = bytes[i];
        Set(RingFields.RequestProducer, end + (uint)count);
        return count;
    }

    /// <summary>The bytes of a request.</summary>
    internal byte[] Request(MessageType type, string payload, uint transaction = 0)
    {
        byte[] bytes = new byte[MessageHeader.Size + payload.Length];
        new MessageHeader(type, ++_request, transaction, (uint)payload.Length).Write(bytes);
        Encoding.Latin1.GetBytes(payload, bytes.AsSpan(MessageHeader.Size));
        return bytes;
    }

    /// <summary>Takes the messages that are complete.</summary>
    internal List<(MessageHeader Header, string Payload)> Receive()
    {
        uint end = Get(RingFields.ResponseProducer), at = Get(RingFields.ResponseConsumer);
        for (; at != end; at++)
            _received.Add(_page[RingFields.Responses + at % RingFields.QueueSize]);
        Set(RingFields.ResponseConsumer, end);
        List<(MessageHeader, string)> messages = [];
        while (_received.Count >= MessageHeader.Size)
        {
            MessageHeader header = MessageHeader.Read(_received.GetRange(0, MessageHeader.Size).ToArray());
            int length = MessageHeader.Size + (int)header.Length;
            if (_received.Count < length)
                break;
            messages.Add((header, Encoding.Latin1.GetString(_received.GetRange(MessageHeader.Size, (int)header.Length).ToArray())));
            _received.RemoveRange(0, length);
        }
        return messages;
    }
}
