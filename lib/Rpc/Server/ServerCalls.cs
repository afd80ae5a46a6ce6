using System;
using System.Collections.Generic;
using System.Threading;
using Grpc.Core;
using Microkernel.Messages.Ring;
using StatusCode = Grpc.Core.StatusCode;

namespace Microkernel.Rpc;

/// <summary>The calls of the other side in one session.</summary>
internal sealed class ServerCalls
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, ServerCall> _calls = [];
    private readonly RingSession _session;
    private readonly RpcServices _services;
    private readonly RingEndpointOptions _options;
    private ulong _lastId;

    internal ServerCalls(RingSession session, RpcServices services, RingEndpointOptions options)
    {
        _session = session;
        _services = services;
        _options = options;
    }

    /// <summary>Begins to serve a call.</summary>
    /// <returns>What is wrong with the request; null if nothing that ends the session.</returns>
    internal string? Begin(ulong id, in Request request)
    {
        if (id <= _lastId)
            return "call id that does not rise";
        _lastId = id;
        string method = Text.Read(request.Method);
        if (_services.Find(method) is not { } handler)
            return Refuse(id, StatusCode.Unimplemented, $"{method} is not served here");
        if (_session.Outbox.Backlog > RingLimits.BacklogForAnswers)
            return Refuse(id, StatusCode.ResourceExhausted, "too many answers wait to be taken");
        var call = new ServerCall(_session, _options, id, handler, method, in request);
        lock (_lock)
        {
            if (_calls.Count < _options.ServerCalls)
                _calls.Add(id, call);
            else
                return Refuse(id, StatusCode.ResourceExhausted, $"more than {_options.ServerCalls} calls at a time");
        }

        call.Start();
        return null;
    }

    internal string? Cancel(ulong id)
    {
        if (!TryFind(id, out ServerCall? call))
            return "cancel of a call that was never made";
        call?.Cancel(StatusCode.Cancelled);
        return null;
    }

    internal string? AddCredit(ulong id, uint bytes)
    {
        if (!TryFind(id, out ServerCall? call))
            return "credit for a call that was never made";
        call?.AddCredit(bytes);
        return null;
    }

    /// <summary>Answers a call, which is over then.</summary>
    internal void End(ulong id, Status status, ReadOnlyMemory<byte>? payload)
    {
        // First: who has the answer may call again at once, and is not one too many then.
        lock (_lock)
            _calls.Remove(id);
        Respond(id, status, payload);
    }

    /// <summary>The session is over: nobody waits for any answer.</summary>
    internal void CancelAll()
    {
        ServerCall[] calls;
        lock (_lock)
            calls = [.. _calls.Values];
        foreach (ServerCall call in calls)
            call.Cancel(StatusCode.Cancelled);
    }

    private string? Refuse(ulong id, StatusCode code, string why)
    {
        Respond(id, new Status(code, why), null);
        return null;
    }

    private void Respond(ulong id, Status status, ReadOnlyMemory<byte>? payload)
    {
        byte[] message = Text.Write(status.Detail ?? "", RingLimits.LongestStatusMessage);
        var response = new Response
        {
            Status = (Messages.Ring.StatusCode)status.StatusCode,
            Message = message,
            HasPayload = payload is not null,
            Payload = (payload ?? default).Span,
        };
        _session.Outbox.Post(new Envelope { CallId = id, Content = Envelope.ContentCase.Response, Response = response });
    }

    /// <returns>False if there never was such a call. One that has ended is no longer there.</returns>
    private bool TryFind(ulong id, out ServerCall? call)
    {
        lock (_lock)
            _calls.TryGetValue(id, out call);
        return id != 0 && id <= _lastId;
    }
}
