using Microkernel.Core.Abi;
using Microkernel.Core.Dispatch;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;

namespace Microkernel.Core.Time;

/// <summary>The watchdogs of a domain (SCHEDOP_watchdog): one that is not set again in time ends the domain.</summary>
public sealed class Watchdogs
{
    /// <summary>Watchdogs of a domain.</summary>
    public const int PerDomain = 2;

    private readonly Domain _domain;
    private readonly TicketLock _lock = new();
    private readonly Watchdog[] _watchdogs = new Watchdog[PerDomain];

    /// <summary>The watchdogs of a domain slot. Only during start-up: it allocates.</summary>
    public Watchdogs(Domain domain)
    {
        _domain = domain;
        for (int i = 0; i < PerDomain; i++)
            _watchdogs[i] = new Watchdog(domain);
    }

    /// <summary>
    /// Sets watchdog <paramref name="id"/> (from 1) to <paramref name="seconds"/> from now, or stops it (0); 0 as id takes one that
    /// is not in use and returns its id. EINVAL: no such watchdog; ENOSPC: all are in use.
    /// </summary>
    public long Set(uint id, uint seconds)
    {
        using TicketLock.Holder held = _lock.Hold();
        if (id > PerDomain)
            return XenError.EINVAL;

        long result = 0;
        int index = (int)id - 1;
        if (id == 0)
        {
            index = FindUnused();
            result = index + 1;
        }
        else if (!_watchdogs[index].InUse)
        {
            return XenError.EINVAL;
        }

        if (index < 0)
            return XenError.ENOSPC;

        Change(_watchdogs[index], seconds, stop: id != 0 && seconds == 0);
        return result;
    }

    /// <summary>Stops all, as for a new domain.</summary>
    public void Reset()
    {
        using TicketLock.Holder held = _lock.Hold();
        foreach (Watchdog watchdog in _watchdogs)
            Change(watchdog, 0, stop: true);
    }

    private int FindUnused()
    {
        for (int i = 0; i < PerDomain; i++)
        {
            if (!_watchdogs[i].InUse)
                return i;
        }

        return -1;
    }

    private void Change(Watchdog watchdog, uint seconds, bool stop)
    {
        watchdog.InUse = !stop;
        if (stop)
        {
            TimerQueue.Cancel(watchdog);
            return;
        }

        Clock clock = _domain.Kernel.Clock;
        PhysicalCpu cpu = _domain.Kernel.ThisCpu;
        cpu.Timers.Arm(watchdog, clock.TscAt(clock.Now() + (seconds * Clock.Second)));
    }
}
