using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace Microkernel.XenStore.Tests.Support;

/// <summary>A client of a server in this process; speaks the wire's messages without a wire.</summary>
internal sealed class TestClient
{
    private readonly StoreServer _server;
    private readonly List<byte> _received = [];
    private readonly Queue<Answer> _answers = new();
    private uint _request;

    internal TestClient(StoreServer server, Client client)
    {
        _server = server;
        Client = client;
        client.Connection = new Connection(this);
    }

    internal Client Client { get; }

    /// <summary>The events so far: path and token.</summary>
    internal List<(string Path, string Token)> Events { get; } = [];

    internal static TestClient Control(StoreServer server) => new(server, server.NewSocketClient());

    internal static TestClient Domain(StoreServer server, int domain, int target = -1) =>
        new(server, new Client(new Caller(domain, target, IsPrivileged: false), isDomain: true, server.Store.Accounts.Of(domain), server.Events));

    internal Answer Send(MessageType type, string payload, uint transaction = 0)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(payload);
        _server.Handler.Handle(Client, new MessageHeader(type, ++_request, transaction, (uint)bytes.Length), bytes);
        _server.EndBatch();
        return _answers.Dequeue();
    }

    internal Answer Read(string path, uint transaction = 0) => Send(MessageType.Read, path + "\0", transaction);

    internal Answer Write(string path, string value, uint transaction = 0) => Send(MessageType.Write, path + "\0" + value, transaction);

    internal Answer Watch(string path, string token) => Send(MessageType.Watch, $"{path}\0{token}\0");

    internal Answer SetPermissions(string path, params string[] permissions) =>
        Send(MessageType.SetPermissions, path + "\0" + string.Concat(permissions.Select(static p => p + "\0")));

    internal uint Start() => uint.Parse(Send(MessageType.TransactionStart, "\0").Text.TrimEnd('\0'));

    internal Answer End(uint transaction, bool isCommit) => Send(MessageType.TransactionEnd, isCommit ? "T\0" : "F\0", transaction);

    internal List<(string Path, string Token)> TakeEvents()
    {
        List<(string, string)> taken = [.. Events];
        Events.Clear();
        return taken;
    }

    private void Receive(ReadOnlySpan<byte> bytes)
    {
        _received.AddRange(bytes);
        while (_received.Count >= MessageHeader.Size)
        {
            MessageHeader header = MessageHeader.Read(_received.Take(MessageHeader.Size).ToArray());
            if (_received.Count < MessageHeader.Size + header.Length)
                return;
            string text = Encoding.Latin1.GetString([.. _received.Skip(MessageHeader.Size).Take((int)header.Length)]);
            _received.RemoveRange(0, MessageHeader.Size + (int)header.Length);
            if (header.Type == MessageType.WatchEvent)
                Events.Add((text.Split('\0')[0], text.Split('\0')[1]));
            else
                _answers.Enqueue(header.Type == MessageType.Error ? Answer.Failed(text.TrimEnd('\0')) : new Answer(null, text));
        }
    }

    private sealed class Connection(TestClient owner) : ClientConnection
    {
        public override void Flush()
        {
            owner.Receive(owner.Client.Output.Waiting);
            owner.Client.Output.Clear();
        }
    }
}
