using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Net.Sockets;
using System.Text;

namespace Microkernel.XenStore.Bench;

/// <summary>A connection to a daemon, one request at a time.</summary>
internal sealed class Wire : IDisposable
{
    private const int HeaderSize = 16;
    private const uint ErrorType = 16;
    private const int SocketLevel = 1, PeerCredentials = 17;

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly byte[] _received;

    /// <summary>Connects to a daemon.</summary>
    /// <param name="path">Its socket.</param>
    /// <param name="room">The bytes that may be received at a time.</param>
    internal Wire(string path, int room = 1 << 17)
    {
        _received = new byte[room];
        _socket.Connect(new UnixDomainSocketEndPoint(path));
    }

    /// <summary>Where exchanges are noted; null if they are not.</summary>
    internal List<Exchange>? Notes { get; set; }

    /// <summary>The process on the other side.</summary>
    internal int Peer
    {
        get
        {
            Span<byte> credentials = stackalloc byte[12];
            _socket.GetRawSocketOption(SocketLevel, PeerCredentials, credentials);
            return BinaryPrimitives.ReadInt32LittleEndian(credentials);
        }
    }

    /// <summary>The payload of the last answer.</summary>
    internal ReadOnlySpan<byte> Answer => _received.AsSpan(HeaderSize, BinaryPrimitives.ReadInt32LittleEndian(_received.AsSpan(12)));

    /// <summary>The bytes of a request.</summary>
    internal static byte[] Request(uint type, string payload, uint transaction = 0)
    {
        byte[] bytes = new byte[HeaderSize + payload.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, type);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), transaction);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), payload.Length);
        Encoding.Latin1.GetBytes(payload, bytes.AsSpan(HeaderSize));
        return bytes;
    }

    /// <summary>Sends a request and waits for its answer, and events if any must come.</summary>
    internal void Do(byte[] request, int messages = 1)
    {
        Send(request);
        int length = Receive(messages);
        if (BinaryPrimitives.ReadUInt32LittleEndian(_received) == ErrorType)
            throw new InvalidDataException($"the daemon answers {Encoding.Latin1.GetString(Answer)}");
        Notes?.Add(new Exchange(request.Length, length));
    }

    internal void Send(ReadOnlySpan<byte> bytes) => _socket.Send(bytes);

    /// <summary>Receives a number of messages.</summary>
    /// <returns>The bytes of all of them.</returns>
    internal int Receive(int messages)
    {
        int have = 0, at = 0;
        while (messages > 0)
        {
            int count = _socket.Receive(_received.AsSpan(have));
            have += count > 0 ? count : throw new EndOfStreamException("the daemon has closed the connection");
            while (messages > 0 && have - at >= HeaderSize && have - at >= HeaderSize + Length(at))
            {
                at += HeaderSize + Length(at);
                messages--;
            }
        }
        return have;
    }

    /// <summary>Receives a number of bytes.</summary>
    internal void ReceiveBytes(int count)
    {
        for (int have = 0; have < count;)
            have += _socket.Receive(_received.AsSpan(have, count - have));
    }

    public void Dispose() => _socket.Dispose();

    private int Length(int at) => BinaryPrimitives.ReadInt32LittleEndian(_received.AsSpan(at + 12));
}
