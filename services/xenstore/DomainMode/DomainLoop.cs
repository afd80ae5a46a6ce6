using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Microkernel.Services;
using Microkernel.Xen;

namespace Microkernel.XenStore.DomainMode;

/// <summary>The one thread that the store runs on: it serves rings that were rung, and what other threads ask for.</summary>
internal sealed class DomainLoop : IDisposable
{
    private const int RequestsAtATime = 16;
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    private readonly ConcurrentQueue<Action> _work = new();
    private readonly HashSet<RingConnection> _ready = [];
    private readonly List<RingConnection> _turn = [];
    private readonly EventPorts _ports;
    private readonly StoreServer _server;
    private readonly DomainRings _rings;
    private readonly ServiceLog _log;
    private long _lastTurn = Environment.TickCount64;

    internal DomainLoop(EventPorts ports, StoreServer server, DomainRings rings, ServiceLog log)
    {
        _ports = ports;
        _server = server;
        _rings = rings;
        _log = log;
    }

    /// <summary>When the thread last went round, in milliseconds.</summary>
    internal long LastTurn => Volatile.Read(ref _lastTurn);

    /// <summary>Has the thread do something, and records what that changed before it is told as done.</summary>
    internal Task<T> Do<T>(Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Enqueue(() =>
        {
            try
            {
                T result = work();
                _server.EndBatch();
                done.SetResult(result);
            }
            catch (Exception failure) when (failure is not OutOfMemoryException)
            {
                done.SetException(failure);
            }
        });
        _ports.Interrupt();
        return done.Task;
    }

    /// <summary>Serves until it is told to stop.</summary>
    internal void Run(CancellationToken stopping)
    {
        using CancellationTokenRegistration wake = stopping.Register(_ports.Interrupt);
        Span<uint> rung = stackalloc uint[64];
        foreach (RingConnection connection in _rings.All)
            _ready.Add(connection);
        while (!stopping.IsCancellationRequested)
        {
            Volatile.Write(ref _lastTurn, Environment.TickCount64);
            int count = _ports.Wait(rung, _ready.Count > 0 ? TimeSpan.Zero : Tick);
            foreach (uint port in rung[..count])
                Take(port);
            while (_work.TryDequeue(out Action? work))
                work();
            ServeReady();
        }
    }

    public void Dispose() => _ports.Dispose();

    /// <summary>One turn for every ring that has something: nobody waits for more than a few requests of each other domain.</summary>
    private void ServeReady()
    {
        _turn.Clear();
        _turn.AddRange(_ready);
        foreach (RingConnection connection in _turn)
        {
            if (!connection.Serve(RequestsAtATime))
                _ready.Remove(connection);
            if (connection.TakeError() is { } error)
                _log.Warning($"the ring of domain {connection.Domain} is given up: {error}");
        }
        _server.EndBatch();
    }

    private void Take(uint port)
    {
        if (_rings.Find(port) is not { } connection)
            return;
        _ports.Unmask(port);
        _ready.Add(connection);
    }
}
