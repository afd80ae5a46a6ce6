using System.Threading;
using Microkernel.Core.Time;
using Timer = Microkernel.Core.Time.Timer;

namespace Microkernel.Core.Vcpus;

/// <summary>
/// The timer of a local APIC: counts down once or again and again at 100 MHz (Xen's bus frequency) over the divider, or fires at a value
/// of the guest's time stamp counter. It is armed by its vCPU alone; a periodic one leaves a note to be armed again.
/// </summary>
internal sealed class ApicTimer(LocalApic apic) : Timer
{
    private const ulong NanosecondsPerTick = 10;
    private const ulong ShortestPeriod = 100_000;
    private const uint ModeMask = 3u << 17;
    private const uint Periodic = 1u << 17;
    private const uint TscDeadline = 2u << 17;

    // In TSC ticks of the host; the period is 0 while it stands still.
    private ulong _start;
    private ulong _period;
    private ulong _guestDeadline;
    private int _expired;

    /// <summary>IA32_TSC_DEADLINE; 0 when it is not armed or not in that mode.</summary>
    internal ulong GuestDeadline => IsArmed ? _guestDeadline : 0;

    private Kernel Kernel => apic.Vcpu.Domain.Kernel;

    private uint Mode => apic.Register(ApicRegister.LvtTimer) & ModeMask;

    /// <summary>What is left of the count.</summary>
    internal uint CurrentCount
    {
        get
        {
            ulong elapsed = Kernel.Machine.ReadTsc() - _start;
            if (_period == 0 || (elapsed >= _period && Mode != Periodic))
                return 0;

            ulong left = _period - (elapsed % _period);
            ulong count = Kernel.Clock.ToNanoseconds(left) / TickLength();
            uint initial = apic.Register(ApicRegister.InitialCount);
            return count > initial ? initial : (uint)count;
        }
    }

    /// <summary>The guest wrote the initial count: start, or stop with 0. In deadline mode nothing happens.</summary>
    internal void Start(uint count)
    {
        if (Mode == TscDeadline)
            return;

        apic.SetRegister(ApicRegister.InitialCount, count);
        StartCounting();
    }

    /// <summary>The guest wrote the divider: the count goes on with it from the start, unless it has come to its end.</summary>
    internal void ChangeDivider(uint value)
    {
        apic.SetRegister(ApicRegister.DivideConfiguration, value);
        if (_period != 0 && (IsArmed || Mode == Periodic))
            StartCounting();
    }

    /// <summary>The guest wrote the timer's vector entry: a change to or from deadline mode stops it.</summary>
    internal void ChangeEntry(uint entry)
    {
        bool stops = (entry & ModeMask) != Mode && ((entry & ModeMask) == TscDeadline || Mode == TscDeadline);
        apic.SetRegister(ApicRegister.LvtTimer, entry);
        if (stops)
            Stop();
    }

    /// <summary>The guest wrote IA32_TSC_DEADLINE; 0 disarms. Ignored outside of that mode.</summary>
    internal void SetGuestDeadline(ulong tsc)
    {
        if (Mode != TscDeadline)
            return;

        TimerQueue.Cancel(this);
        _guestDeadline = tsc;
        if (tsc != 0)
            Kernel.ThisCpu.Timers.Arm(this, HostDeadline(tsc));
    }

    /// <summary>Stands still.</summary>
    internal void Stop()
    {
        TimerQueue.Cancel(this);
        _period = 0;
        _guestDeadline = 0;
        Volatile.Write(ref _expired, 0);
    }

    /// <summary>On the vCPU's own CPU, before it enters the guest: arms an expired periodic timer again.</summary>
    internal void Rearm()
    {
        if (Interlocked.Exchange(ref _expired, 0) == 0 || _period == 0 || Mode != Periodic || IsArmed)
            return;

        ulong elapsed = Kernel.Machine.ReadTsc() - _start;
        _start += elapsed - (elapsed % _period);
        Kernel.ThisCpu.Timers.Arm(this, _start + _period);
    }

    /// <inheritdoc/>
    protected internal override void Fire()
    {
        apic.RaiseTimer();
        if (Mode == Periodic)
        {
            Volatile.Write(ref _expired, 1);
            apic.Vcpu.Post(PendingWork.Apic);
        }
    }

    // Nanoseconds of one count: the divider is 2 to 128 or, coded as 7, 1.
    private ulong TickLength()
    {
        uint code = apic.Register(ApicRegister.DivideConfiguration);
        int shift = (int)(((code & 3) | ((code >> 1) & 4)) + 1) & 7;
        return NanosecondsPerTick << shift;
    }

    private void StartCounting()
    {
        Stop();
        ulong length = apic.Register(ApicRegister.InitialCount) * TickLength();
        if (length == 0)
            return;

        // A guest cannot keep a CPU busy with a period that is shorter than its handling.
        bool isTooShort = Mode == Periodic && length < ShortestPeriod;
        _period = Kernel.Clock.ToTicks(isTooShort ? ShortestPeriod : length);
        _start = Kernel.Machine.ReadTsc();
        Kernel.ThisCpu.Timers.Arm(this, _start + _period);
    }

    // A deadline that has passed is now; one beyond the host's counter never comes.
    private ulong HostDeadline(ulong guestTsc)
    {
        ulong now = Kernel.Machine.ReadTsc();
        ulong guestNow = now + apic.Vcpu.Hardware.TscOffset;
        ulong wait = guestTsc > guestNow ? guestTsc - guestNow : 0;
        return wait > ulong.MaxValue - now ? ulong.MaxValue : now + wait;
    }
}
