using System;
using System.Runtime.CompilerServices;
using System.Threading;

namespace Microkernel.Core.Hardware;

/// <summary>
/// A fair spin lock. The core runs with interrupts off, so a holder is never preempted; it is not re-entrant.
/// </summary>
public sealed class TicketLock
{
    private int _next;
    private int _serving;

    /// <summary>Takes the lock, waiting for those who came first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Enter()
    {
        int ticket = Interlocked.Increment(ref _next) - 1;
        if (Volatile.Read(ref _serving) != ticket)
            WaitFor(ticket);
    }

    /// <summary>Hands the lock to the next in line. Only the holder may call it.</summary>
    public void Exit() => Volatile.Write(ref _serving, _serving + 1);

    /// <summary>Takes the lock until the result is disposed: <c>using (x.Lock.Hold()) { ... }</c>.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)] // a hundred places: inlined, they are 2 KB; what runs often says Enter
    public Holder Hold()
    {
        Enter();
        return new Holder(this);
    }

    // Not inlined: taking a lock is short, and in many places.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void WaitFor(int ticket)
    {
        while (Volatile.Read(ref _serving) != ticket)
            Thread.SpinWait(1);
    }

    /// <summary>True while somebody holds the lock (for assertions).</summary>
    public bool IsHeld => Volatile.Read(ref _serving) != Volatile.Read(ref _next);

    /// <summary>Releases the lock when disposed.</summary>
    public readonly ref struct Holder : IDisposable
    {
        private readonly TicketLock _lock;

        internal Holder(TicketLock @lock) => _lock = @lock;

        /// <summary>Releases the lock.</summary>
        public void Dispose() => _lock.Exit();
    }
}
