using System;
using System.Collections.Generic;
using System.Threading;
using Grpc.Core;
using Microkernel.Messages.Ring;
using StatusCode = Grpc.Core.StatusCode;

namespace Microkernel.Rpc;

/// <summary>The calls of this side in one session.</summary>
internal sealed class ClientCalls
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, ClientCall> _calls = [];
    private readonly RingSession _session;
    private ulong _lastId;
    private Status? _end;

    internal ClientCalls(RingSession session) => _session = session;

    /// <summary>Sends a call's request, unless it has ended already.</summary>
    internal void Begin(ClientCall call)
    {
        Status? refusal;
        lock (_lock)
            refusal = TryBegin(call);
        if (refusal is { } status)
            call.Finish(status);
    }

    /// <summary>A call has ended on this side: the other one is told, and what it may still say about it is ignored.</summary>
    internal void Cancel(ClientCall call)
    {
        lock (_lock)
        {
            if (call.Id != 0 && _calls.Remove(call.Id))
                _session.Outbox.Post(new Envelope { CallId = call.Id, Content = Envelope.ContentCase.Cancel });
        }
    }

    /// <summary>A reader takes more of its stream.</summary>
    internal void GiveCredit(ClientCall call, uint bytes)
    {
        lock (_lock)
        {
            if (_calls.ContainsKey(call.Id))
                _session.Outbox.Post(new Envelope { CallId = call.Id, Content = Envelope.ContentCase.Credit, Credit = new() { Bytes = bytes } });
        }
    }

    internal string? TakeEvent(ulong id, ReadOnlyMemory<byte> payload)
    {
        if (!TryFind(id, remove: false, out ClientCall? call))
            return "event for a call that was never made";
        call?.TakeEvent(payload);
        return null;
    }

    internal string? TakeResponse(ulong id, Status status, ReadOnlyMemory<byte>? payload)
    {
        if (!TryFind(id, remove: true, out ClientCall? call))
            return "response to a call that was never made";
        call?.TakeResponse(status, payload);
        return null;
    }

    /// <summary>Ends all calls, and those that still come.</summary>
    internal void EndAll(Status status)
    {
        ClientCall[] calls;
        lock (_lock)
        {
            _end = status;
            calls = [.. _calls.Values];
            _calls.Clear();
        }

        foreach (ClientCall call in calls)
            call.Finish(status);
    }

    private Status? TryBegin(ClientCall call)
    {
        if (_end is not null)
            return _end;
        if (call.IsFinished)
            return null;
        if (call.Request.Length > _session.LargestPayload)
            return new Status(StatusCode.ResourceExhausted, $"the request has {call.Request.Length} bytes; the ring takes {_session.LargestPayload}");
        if (_calls.Count >= RingLimits.ClientCalls || _session.Outbox.Backlog > RingLimits.BacklogForRequests)
            return new Status(StatusCode.ResourceExhausted, "too many calls at a time");
        ulong timeout = call.TimeoutNanoseconds;
        call.Id = ++_lastId;
        _calls.Add(call.Id, call);
        Request request = new() { Method = call.Method, Payload = call.Request.Span, TimeoutNs = timeout, EventBytes = call.EventBytes };
        _session.Outbox.Post(new Envelope { CallId = call.Id, Content = Envelope.ContentCase.Request, Request = request });
        return null;
    }

    /// <returns>False if there never was such a call. One that has ended is no longer there.</returns>
    private bool TryFind(ulong id, bool remove, out ClientCall? call)
    {
        lock (_lock)
        {
            _ = remove ? _calls.Remove(id, out call) : _calls.TryGetValue(id, out call);
            return id != 0 && id <= _lastId;
        }
    }
}
