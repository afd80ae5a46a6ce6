using System.Threading;
using Microkernel.Core.Hardware;
using Microkernel.Platform.X64;

namespace Microkernel.Platform.Timers;

/// <summary>
/// Finds out whether the TSCs of two CPUs agree: both read theirs in turns under a lock, and no reading may be older than
/// the one before it.
/// </summary>
internal sealed class SynchronyTest
{
    private const int Rounds = 64;
    private readonly TicketLock _lock = new();
    private ulong _last;
    private int _waiting;

    /// <summary>The largest step back in ticks since <see cref="Prepare"/>; 0 when the two agree.</summary>
    public ulong LargestStep { get; private set; }

    /// <summary>Before two CPUs call <see cref="Run"/>.</summary>
    public void Prepare()
    {
        _last = 0;
        LargestStep = 0;
        Volatile.Write(ref _waiting, 2);
    }

    /// <summary>Takes part; returns when both CPUs did.</summary>
    public void Run()
    {
        Meet();
        for (int i = 0; i < Rounds; i++)
        {
            using (_lock.Hold())
            {
                ulong now = Cpu.ReadTsc();
                if (now < _last && _last - now > LargestStep)
                    LargestStep = _last - now;

                _last = now;
            }

            Cpu.Pause();
        }
    }

    private void Meet()
    {
        Interlocked.Decrement(ref _waiting);
        while (Volatile.Read(ref _waiting) > 0)
            Cpu.Pause();
    }
}
