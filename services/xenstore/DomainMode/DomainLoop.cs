using System;
using System.Collections.Concurrent;
using System.Threading;
using System.Threading.Tasks;
using Microkernel.Services;
using Microkernel.Xen;

namespace Microkernel.XenStore.DomainMode;

/// <summary>The one thread that the store runs on: it serves rings that were rung, and what other threads ask for.</summary>
internal sealed class DomainLoop : StoreThread, IDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    private readonly ConcurrentQueue<Action> _work = new();
    private readonly ReadyRings _ready;
    private readonly EventPorts _ports;
    private readonly StoreServer _server;
    private readonly DomainRings _rings;
    private readonly ServiceLog _log;
    private long _lastTurn = Environment.TickCount64;
    private long _lastTick = Environment.TickCount64;

    internal DomainLoop(EventPorts ports, StoreServer server, DomainRings rings, ServiceLog log)
    {
        _ports = ports;
        _server = server;
        _ready = new ReadyRings(server);
        _rings = rings;
        _log = log;
    }

    /// <summary>When the thread last went round, in milliseconds.</summary>
    internal long LastTurn => Volatile.Read(ref _lastTurn);

    /// <inheritdoc/>
    public override Task<T> Do<T>(Func<T> work)
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
            int count = _ports.Wait(rung, _ready.IsEmpty ? Tick : TimeSpan.Zero);
            foreach (uint port in rung[..count])
                Take(port);
            while (_work.TryDequeue(out Action? work))
                work();
            TickIfDue();
            ServeReady();
        }
    }

    public void Dispose() => _ports.Dispose();

    private void TickIfDue()
    {
        if (_lastTurn - _lastTick < Tick.TotalMilliseconds)
            return;
        _lastTick = _lastTurn;
        _server.Tick(_lastTurn);
    }

    private void ServeReady()
    {
        foreach (RingConnection connection in _ready.ServeTurn())
        {
            if (connection.TakeError() is { } error)
                _log.Warning($"the ring of domain {connection.Domain} is given up: {error}");
        }
    }

    private void Take(uint port)
    {
        if (_rings.Find(port) is not { } connection)
            return;
        _ports.Unmask(port);
        _ready.Add(connection);
    }
}
