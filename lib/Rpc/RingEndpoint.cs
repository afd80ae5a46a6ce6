using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using Grpc.Core;
using Microkernel.Rings;

namespace Microkernel.Rpc;

/// <summary>
/// One side of a ring for as long as the program runs: calls what the other side serves, serves its own services to it, and
/// makes a new connection whenever either side has begun again. Calls that were under way then end with UNAVAILABLE. While there
/// is no connection a call fails with UNAVAILABLE too, or waits for one if it was made with <c>WithWaitForReady()</c>.
/// </summary>
public sealed class RingEndpoint : IDisposable
{
    // Not by RandomNumberGenerator: it loads OpenSSL, which a static program in a service's domain does not have.
    private static readonly ulong Incarnation = BitConverter.ToUInt64(Guid.NewGuid().ToByteArray(), sizeof(ulong));
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(1);

    private readonly object _lock = new();
    private readonly HashSet<ClientCall> _waiting = [];
    private readonly Func<RingConnection?> _connect;
    private readonly IDisposable _ring;
    private readonly RpcServices _services;
    private readonly RingEndpointOptions _options;
    private readonly Thread _thread;
    private RingSession? _session;
    private string _lastEnd = "not yet connected";
    private bool _isOver;

    /// <summary>A ring between two services. The rendezvous is disposed of with the endpoint.</summary>
    public RingEndpoint(RingRendezvous rendezvous, RpcServices? services = null, RingEndpointOptions? options = null)
        : this(() => rendezvous.Meet(Timeout.InfiniteTimeSpan), rendezvous, services, options)
    {
    }

    /// <summary>A ring that begins once: when it ends, it has ended.</summary>
    public RingEndpoint(RingConnection connection, RpcServices? services = null, RingEndpointOptions? options = null)
        : this(Once(connection), connection, services, options)
    {
    }

    private RingEndpoint(Func<RingConnection?> connect, IDisposable ring, RpcServices? services, RingEndpointOptions? options)
    {
        _connect = connect;
        _ring = ring;
        _services = services ?? new RpcServices();
        _options = options ?? new RingEndpointOptions();
        CallInvoker = new RingCallInvoker(this);
        _thread = new Thread(Run) { IsBackground = true, Name = $"ring to {_options.Peer}" };
        _thread.Start();
    }

    /// <summary>Calls the other side: <c>new Memory.MemoryClient(endpoint.CallInvoker)</c>.</summary>
    public CallInvoker CallInvoker { get; }

    /// <summary>Whether calls reach the other side now.</summary>
    public bool IsConnected => Volatile.Read(ref _session) is not null;

    /// <summary>Ends the connection and all calls.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isOver = true;
            Monitor.PulseAll(_lock);
        }

        _ring.Dispose();
        if (_thread != Thread.CurrentThread)
            _thread.Join();
    }

    /// <summary>Begins a call, now or when there is a session.</summary>
    internal void Begin(ClientCall call)
    {
        RingSession? session;
        Status? refusal = null;
        lock (_lock)
        {
            session = _session;
            if (session is null)
                refusal = TryKeep(call);
        }

        if (refusal is { } status)
            call.Finish(status);
        else if (session is not null)
            call.Begin(session);
    }

    /// <summary>A call that waited for a session has ended.</summary>
    internal void Forget(ClientCall call)
    {
        lock (_lock)
            _waiting.Remove(call);
    }

    private static Func<RingConnection?> Once(RingConnection connection)
    {
        RingConnection? next = connection;
        return () => Interlocked.Exchange(ref next, null);
    }

    private Status? TryKeep(ClientCall call)
    {
        if (_isOver || !call.Options.IsWaitForReady)
            return new Status(StatusCode.Unavailable, $"no connection to {_options.Peer}: {_lastEnd}");
        if (_waiting.Count >= RingLimits.ClientCalls)
            return new Status(StatusCode.ResourceExhausted, "too many calls at a time");
        if (!call.IsFinished)
            _waiting.Add(call);
        return null;
    }

    private void Run()
    {
        while (TryConnect() is { } connection)
        {
            var session = new RingSession(connection, _services, _options, Incarnation);
            session.Run(() => Open(session));
            lock (_lock)
            {
                _session = null;
                _lastEnd = session.End;
            }

            _options.Log?.Invoke($"the connection to {_options.Peer} ended: {session.End}");
        }

        End();
    }

    private RingConnection? TryConnect()
    {
        while (true)
        {
            try
            {
                return _connect();
            }
            catch (IOException e)
            {
                _options.Log?.Invoke($"no connection to {_options.Peer} can be made: {e.Message}");
                lock (_lock)
                {
                    if (!_isOver)
                        Monitor.Wait(_lock, AfterFailure);
                }
            }
        }
    }

    private void Open(RingSession session)
    {
        ClientCall[] calls;
        lock (_lock)
        {
            _session = session;
            calls = [.. _waiting];
            _waiting.Clear();
        }

        _options.Log?.Invoke($"connected to {_options.Peer}");
        foreach (ClientCall call in calls)
            call.Begin(session);
        _options.Connected?.Invoke();
    }

    private void End()
    {
        ClientCall[] calls;
        lock (_lock)
        {
            _isOver = true;
            calls = [.. _waiting];
            _waiting.Clear();
        }

        foreach (ClientCall call in calls)
            call.Finish(new Status(StatusCode.Unavailable, $"no connection to {_options.Peer}: {_lastEnd}"));
    }
}
