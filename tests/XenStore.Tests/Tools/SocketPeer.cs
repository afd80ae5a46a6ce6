using System;
using System.IO;
using System.Net.Sockets;
using System.Text;
using Microkernel.XenStore.Tests.Support;

namespace Microkernel.XenStore.Tests.Tools;

/// <summary>A client by a socket that waits for each answer.</summary>
internal sealed class SocketPeer : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly NetworkStream _stream;
    private uint _request;

    internal SocketPeer(string path)
    {
        _socket.Connect(new UnixDomainSocketEndPoint(path));
        _stream = new NetworkStream(_socket);
    }

    internal Answer Send(MessageType type, string payload, uint transaction = 0)
    {
        byte[] bytes = new byte[MessageHeader.Size + payload.Length];
        new MessageHeader(type, ++_request, transaction, (uint)payload.Length).Write(bytes);
        Encoding.Latin1.GetBytes(payload, bytes.AsSpan(MessageHeader.Size));
        _stream.Write(bytes);
        while (true)
        {
            (MessageHeader header, string text) = Receive();
            if (header.Type != MessageType.WatchEvent)
                return header.Type == MessageType.Error ? Answer.Failed(text.TrimEnd('\0')) : new Answer(null, text);
        }
    }

    /// <summary>Sends bytes that need be no message.</summary>
    internal void SendRaw(ReadOnlySpan<byte> bytes) => _stream.Write(bytes);

    /// <summary>Says that nothing more will be sent.</summary>
    internal void EndSending() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>Receives the next message.</summary>
    internal (MessageHeader Header, string Payload) Receive()
    {
        byte[] head = new byte[MessageHeader.Size];
        _stream.ReadExactly(head);
        MessageHeader header = MessageHeader.Read(head);
        byte[] payload = new byte[header.Length];
        _stream.ReadExactly(payload);
        return (header, Encoding.Latin1.GetString(payload));
    }

    public void Dispose()
    {
        _stream.Dispose();
        _socket.Dispose();
    }
}
