using System.Collections.Generic;

namespace Microkernel.XenStore;

/// <summary>The rings that have something to do. They take turns: nobody waits for more than a few requests of each other domain.</summary>
public sealed class ReadyRings
{
    private const int RequestsAtATime = 16;

    private readonly StoreServer _server;
    private readonly HashSet<RingConnection> _ready = [];
    private readonly List<RingConnection> _turn = [];

    /// <summary>None yet.</summary>
    public ReadyRings(StoreServer server) => _server = server;

    /// <summary>Whether all wait for their domains.</summary>
    public bool IsEmpty => _ready.Count == 0;

    /// <summary>A ring was rung.</summary>
    public void Add(RingConnection ring) => _ready.Add(ring);

    /// <summary>Gives each of them one turn, and ends the batch.</summary>
    /// <returns>Those that had a turn, until the next call.</returns>
    public IReadOnlyList<RingConnection> ServeTurn()
    {
        _turn.Clear();
        if (IsEmpty)
        {
            _server.EndBatch();
            return _turn;
        }
        _turn.AddRange(_ready);
        foreach (RingConnection ring in _turn)
            ring.Serve(RequestsAtATime);
        _server.EndBatch();
        foreach (RingConnection ring in _turn)
        {
            if (!ring.HasRequests)
                _ready.Remove(ring);
        }
        return _turn;
    }
}
