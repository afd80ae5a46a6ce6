using System;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Microkernel.Protos.Xenstore.Journal;
using Microkernel.XenStore.Native;

namespace Microkernel.XenStore.Sockets;

/// <summary>A client by a Unix socket.</summary>
internal sealed class SocketConnection : ClientConnection
{
    private const uint Reading = LibC.PollIn | LibC.PollPeerDone;

    private readonly StoreServer _server;
    private readonly Client _client;
    private byte[] _rest = [];

    internal SocketConnection(StoreServer server, int descriptor)
    {
        _server = server;
        _client = server.NewSocketClient();
        _client.Connection = this;
        Descriptor = descriptor;
    }

    /// <summary>The socket.</summary>
    internal int Descriptor { get; }

    /// <summary>Whether it is over.</summary>
    internal bool IsOver { get; private set; }

    /// <summary>What the event loop was last asked to look for.</summary>
    internal uint Interest { get; set; } = Reading | LibC.PollEdges;

    /// <summary>What it should look for: only for what is new, which costs less than being told of everything each time.</summary>
    internal uint Wanted => LibC.PollEdges | (_client.MayRequest ? Reading : 0) | (_client.Output.Length > 0 ? LibC.PollOut : 0);

    /// <summary>Whether everything was read that the event loop has told of.</summary>
    internal bool IsDrained { get; private set; } = true;

    /// <summary>Whether requests have been read that wait until the client has taken its answers.</summary>
    internal bool HasBacklog => !IsOver && _client.MayRequest && _rest.Length >= MessageHeader.Size
        && _rest.Length - MessageHeader.Size >= MessageHeader.Read(_rest).Length;

    /// <summary>Reads once and does the requests that are complete.</summary>
    /// <param name="buffer">Where they are put; large, and used for all connections.</param>
    /// <param name="isLast">Whether the other side is done, which reading to the end shows.</param>
    internal void Read(Span<byte> buffer, bool isLast)
    {
        int kept = _rest.Length;
        _rest.CopyTo(buffer);
        nint count = LibC.Receive(Descriptor, ref buffer[kept], buffer.Length - kept, LibC.DoNotWait);
        IsDrained = !isLast && count < buffer.Length - kept;
        if (count < 0 && Marshal.GetLastPInvokeError() is LibC.WouldBlock or LibC.Interrupted)
            return;
        if (count <= 0)
            IsOver = true;
        else
            Handle(buffer[..(kept + (int)count)]);
    }

    /// <summary>Does requests that were read before.</summary>
    internal void Resume()
    {
        _client.MakeUpForLost();
        if (HasBacklog)
            Handle(_rest);
    }

    public override void Flush()
    {
        OutputQueue output = _client.Output;
        if (output.Length == 0 || IsOver)
            return;
        ReadOnlySpan<byte> waiting = output.Waiting;
        nint count = LibC.Send(Descriptor, ref MemoryMarshal.GetReference(waiting), waiting.Length, LibC.DoNotWait | LibC.NoSignal);
        if (count > 0)
            output.Consume((int)count);
        else if (Marshal.GetLastPInvokeError() is not (LibC.WouldBlock or LibC.Interrupted))
            IsOver = true;
    }

    /// <summary>What the next program must know of it.</summary>
    internal JournalSocket Describe()
    {
        var message = new JournalSocket
        {
            File = (uint)Descriptor,
            Input = ByteString.CopyFrom(_rest),
            Output = ByteString.CopyFrom(_client.Output.Waiting),
            HasLostEvents = _client.HasLostEvents,
        };
        foreach (Watch watch in _client.Watches)
        {
            message.Watches.Add(new JournalWatch
            {
                Path = ByteString.CopyFrom(watch.Path),
                Token = ByteString.CopyFrom(watch.Token),
                Depth = (uint)(watch.Depth + 1),
            });
        }
        return message;
    }

    /// <summary>Goes on where the program before this one was.</summary>
    internal void Restore(JournalSocket message)
    {
        _rest = message.Input.ToByteArray();
        _client.Output.Restore(message.Output.Span);
        _client.Restore(message.HasLostEvents);
        foreach (JournalWatch watch in message.Watches)
        {
            ClientState.Add(_server.Store, _client, new Watch(
                _client, watch.Path.ToByteArray(), baseLength: 0, watch.Token.ToByteArray(), (int)watch.Depth - 1));
        }
    }

    /// <summary>Closes the socket; the client's watches and transactions are gone.</summary>
    internal void Close()
    {
        _server.Forget(_client);
        _client.Output.Clear();
        _ = LibC.Close(Descriptor);
    }

    private void Handle(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= MessageHeader.Size && _client.MayRequest)
        {
            MessageHeader header = MessageHeader.Read(bytes);
            if (header.Length > MessageHeader.LargestPayload)
            {
                IsOver = true;
                return;
            }
            int length = MessageHeader.Size + (int)header.Length;
            if (bytes.Length < length)
                break;
            _server.Handler.Handle(_client, header, bytes[MessageHeader.Size..length]);
            bytes = bytes[length..];
        }
        Keep(bytes);
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty && _rest.Length == 0)
            return;
        _rest = bytes.IsEmpty ? [] : bytes.ToArray();
    }
}
