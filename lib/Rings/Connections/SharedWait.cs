using System;
using System.Threading;

namespace Microkernel.Rings;

/// <summary>
/// Lets the two directions of a connection wait for the one stream of notifications: the first that waits does it for both.
/// </summary>
internal sealed class SharedWait
{
    private readonly object _turn = new();
    private readonly RingTransport _transport;
    private bool _isTaken;

    internal SharedWait(RingTransport transport) => _transport = transport;

    /// <summary>Waits while a condition holds that a notification may end.</summary>
    /// <returns>Done if it ended; Wait if time was up first, Closed if the connection was over first.</returns>
    internal RingResult While(Func<bool> mustWait, Deadline deadline)
    {
        lock (_turn)
        {
            while (true)
            {
                // Before the condition: what the other side did before its end counts.
                bool isConnected = _transport.IsConnected;
                // Inside the lock: the other direction's thread may take the notification for this one, and must then come
                // either before the condition is looked at, or after the wait below has begun.
                if (!mustWait())
                    return RingResult.Done;
                if (!isConnected)
                    return RingResult.Closed;
                if (deadline.IsOver)
                    return RingResult.Wait;
                if (_isTaken)
                    Monitor.Wait(_turn, deadline.Left);
                else
                    WaitForBoth(deadline.Left);
            }
        }
    }

    private void WaitForBoth(TimeSpan timeout)
    {
        _isTaken = true;
        Monitor.Exit(_turn);
        try
        {
            _transport.Wait(timeout);
        }
        finally
        {
            Monitor.Enter(_turn);
            _isTaken = false;
            Monitor.PulseAll(_turn);
        }
    }
}
