using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;

namespace Microkernel.Rpc;

/// <summary>A call with a stream of answers. What its reader has not taken yet waits here, as much as the credit allows.</summary>
internal sealed class StreamCall<TResponse> : ClientCall, IAsyncStreamReader<TResponse>
{
    private readonly Lock _lock = new();
    private readonly Queue<byte[]> _events = new();
    private readonly Marshaller<TResponse> _marshaller;
    private TaskCompletionSource? _waiter;
    private TResponse? _current;
    private Status? _end;
    private long _credit = RingLimits.EventWindow;
    private uint _taken;

    internal StreamCall(RingEndpoint endpoint, string method, ReadOnlyMemory<byte> request, CallOptions options, Marshaller<TResponse> marshaller)
        : base(endpoint, method, request, options) => _marshaller = marshaller;

    /// <inheritdoc/>
    public TResponse Current => _current ?? throw new InvalidOperationException("there is no message; call MoveNext first");

    internal override uint EventBytes => RingLimits.EventWindow;

    /// <inheritdoc/>
    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        byte[]? message;
        while (!TryTake(out message, out Task? wait))
        {
            if (wait is null)
                return false;
            using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(
                static call => ((ClientCall)call!).Cancel(new Status(StatusCode.Cancelled, "cancelled by the reader")), this);
            await wait.ConfigureAwait(false);
        }

        _current = Read(message!);
        return true;
    }

    internal override void TakeEvent(ReadOnlyMemory<byte> payload)
    {
        bool isTooMuch;
        lock (_lock)
        {
            isTooMuch = _credit <= 0;
            _credit -= CostOf(payload.Length);
            if (!isTooMuch && _end is null)
                Add(payload);
        }

        if (isTooMuch)
            Cancel(new Status(StatusCode.ResourceExhausted, "the other side sent more than the reader had room for"));
    }

    internal override void TakeResponse(Status status, ReadOnlyMemory<byte>? payload)
    {
        // The answer of a unary method, called by somebody who does not know that it is one.
        if (status.StatusCode == StatusCode.OK && payload is { } answer)
        {
            lock (_lock)
                Add(answer);
        }

        Finish(status);
    }

    protected override void OnFinished(Status status, bool isCancelled)
    {
        lock (_lock)
        {
            _end = status;
            if (isCancelled)
                _events.Clear();
            WakeReader();
        }
    }

    private static long CostOf(int length) => length + RingLimits.EventOverhead;

    private void Add(ReadOnlyMemory<byte> payload)
    {
        _events.Enqueue(payload.ToArray());
        WakeReader();
    }

    private void WakeReader()
    {
        _waiter?.SetResult();
        _waiter = null;
    }

    /// <summary>Takes a message; if there is none, says what to wait for, or that the stream has ended.</summary>
    private bool TryTake(out byte[]? message, out Task? wait)
    {
        uint credit = 0;
        lock (_lock)
        {
            wait = null;
            if (_events.TryDequeue(out message))
                credit = Count(message.Length);
            else if (_end is null)
                wait = (_waiter ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            else if (_end is { StatusCode: not StatusCode.OK } error)
                throw new RpcException(error);
        }

        if (credit > 0)
            GiveCredit(credit);
        return message is not null;
    }

    /// <summary>Counts a message that was taken; the result is what to tell the other side now.</summary>
    private uint Count(int length)
    {
        _taken += (uint)CostOf(length);
        if (_taken < RingLimits.EventWindow / 2)
            return 0;
        uint credit = _taken;
        _credit += credit;
        _taken = 0;
        return credit;
    }

    private TResponse Read(byte[] message)
    {
        try
        {
            return PayloadReader.Read(_marshaller, message);
        }
        catch (RpcException e)
        {
            Cancel(e.Status);
            throw;
        }
    }
}
