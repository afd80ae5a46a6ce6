using System;
using System.Threading.Tasks;
using Grpc.Core;

namespace Microkernel.Rpc;

/// <summary>A call with one answer.</summary>
internal sealed class UnaryCall<TResponse> : ClientCall
{
    private readonly TaskCompletionSource<TResponse> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Marshaller<TResponse> _marshaller;
    private TResponse? _event;
    private bool _hasEvent;

    internal UnaryCall(RingEndpoint endpoint, string method, ReadOnlyMemory<byte> request, CallOptions options, Marshaller<TResponse> marshaller)
        : base(endpoint, method, request, options) => _marshaller = marshaller;

    internal Task<TResponse> Answer => _answer.Task;

    internal override void TakeEvent(ReadOnlyMemory<byte> payload)
    {
        if (_hasEvent)
            Cancel(new Status(StatusCode.Internal, "several answers to a unary call"));
        else
            _hasEvent = TryRead(payload, out _event);
    }

    internal override void TakeResponse(Status status, ReadOnlyMemory<byte>? payload)
    {
        if (status.StatusCode == StatusCode.OK && payload is { } bytes)
            _hasEvent = !_hasEvent && TryRead(bytes, out _event);
        if (status.StatusCode == StatusCode.OK && !_hasEvent)
            status = new Status(StatusCode.Internal, "not exactly one answer to a unary call");
        Finish(status);
    }

    protected override void OnFinished(Status status, bool isCancelled)
    {
        if (status.StatusCode == StatusCode.OK)
            _answer.SetResult(_event!);
        else
            _answer.SetException(new RpcException(status));
    }

    private bool TryRead(ReadOnlyMemory<byte> payload, out TResponse? message)
    {
        try
        {
            message = PayloadReader.Read(_marshaller, payload);
            return true;
        }
        catch (RpcException e)
        {
            message = default;
            Cancel(e.Status);
            return false;
        }
    }
}
