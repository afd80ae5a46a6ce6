using System;
using System.Collections.Generic;
using System.Text;
using System.Threading;

namespace Microkernel.XenStore.Tests.Survival;

/// <summary>A domain that writes without end and checks that it is answered as if its server never ended.</summary>
internal sealed class FileDomainLoad
{
    private readonly FileDomain _domain;
    private readonly List<byte> _received = [];
    private readonly Queue<byte> _unsent = new();
    private uint _request;
    private uint _answered;

    internal FileDomainLoad(FileDomain domain) => _domain = domain;

    /// <summary>What went wrong; null if nothing did.</summary>
    internal string? Fault { get; private set; }

    internal uint Answered => _answered;

    internal uint Events { get; private set; }

    /// <summary>Runs until it is told to stop and everything is answered.</summary>
    internal void Run(CancellationToken stop)
    {
        Add(MessageType.Watch, "data\0token\0");
        long lastProgress = Environment.TickCount64;
        while (Fault is null && (!stop.IsCancellationRequested || _answered < _request))
        {
            if (!stop.IsCancellationRequested && _request - _answered < 8)
                Add(MessageType.Write, $"data\0{_request + 1} {new string('x', _request % 16 == 15 ? 1500 : 10)}");
            bool isMoving = Send() | Receive();
            if (isMoving)
                lastProgress = Environment.TickCount64;
            else if (Environment.TickCount64 - lastProgress > 60_000)
                Fault = $"request {_answered + 1} was not answered";
            else
                Thread.Sleep(1);
        }
    }

    private void Add(MessageType type, string payload)
    {
        byte[] bytes = new byte[MessageHeader.Size + payload.Length];
        new MessageHeader(type, ++_request, 0, (uint)payload.Length).Write(bytes);
        Encoding.Latin1.GetBytes(payload, bytes.AsSpan(MessageHeader.Size));
        foreach (byte b in bytes)
            _unsent.Enqueue(b);
    }

    private bool Send()
    {
        if (_unsent.Count == 0)
            return false;
        int count = _domain.Write(_unsent.ToArray());
        for (int i = 0; i < count; i++)
            _unsent.Dequeue();
        return count > 0;
    }

    private bool Receive()
    {
        byte[] bytes = _domain.Read();
        _received.AddRange(bytes);
        while (_received.Count >= MessageHeader.Size)
        {
            MessageHeader header = MessageHeader.Read(_received.GetRange(0, MessageHeader.Size).ToArray());
            int length = MessageHeader.Size + (int)header.Length;
            if (_received.Count < length)
                break;
            Check(header, Encoding.Latin1.GetString(_received.GetRange(MessageHeader.Size, (int)header.Length).ToArray()));
            _received.RemoveRange(0, length);
        }
        return bytes.Length > 0;
    }

    private void Check(in MessageHeader header, string payload)
    {
        if (header.Type == MessageType.WatchEvent)
            Events++;
        else if (header.Request != _answered + 1 || payload != "OK\0")
            Fault = $"after the answer to {_answered} came one to {header.Request}: {header.Type} {payload}";
        else
            _answered++;
    }
}
