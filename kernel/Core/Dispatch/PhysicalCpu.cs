using System.Runtime.CompilerServices;
using System.Threading;
using Microkernel.Core.Domains;
using Microkernel.Core.Grants;
using Microkernel.Core.Hardware;
using Microkernel.Core.Memory;
using Microkernel.Core.Time;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Dispatch;

/// <summary>What the dispatcher keeps for one physical CPU.</summary>
public sealed class PhysicalCpu
{
    private bool _isIdle;
    private const int Reschedule = 1;
    private const int Fired = 2;

    private int _notes;
    private readonly Machine _machine;

    /// <summary>The CPU with number <paramref name="index"/>. Only during start-up: it allocates.</summary>
    public PhysicalCpu(int index, Machine machine, AsidAllocator asids)
    {
        Index = index;
        RunsGuests = index >= machine.FirstGuestCpu;
        SliceEnd = RunsGuests ? 0 : ulong.MaxValue;
        _machine = machine;
        Asids = asids;
        Timers = new TimerQueue(machine);
    }

    /// <summary>Its number, from 0.</summary>
    public int Index { get; }

    /// <summary>vCPUs may run here.</summary>
    public bool RunsGuests { get; }

    /// <summary>Guards <see cref="Schedule"/>, <see cref="Slices"/> and the state of the vCPUs assigned to this CPU.</summary>
    public TicketLock Lock { get; } = new();

    /// <summary>Who waits for this CPU, and who is next; made when the number of vCPUs is known.</summary>
    public CpuSchedule Schedule { get; set; } = new(0, 1, 1);

    /// <summary>Who ran here when.</summary>
    public SliceLog Slices { get; } = new();

    /// <summary>Timers that fire here.</summary>
    public TimerQueue Timers { get; }

    /// <summary>Address-space tags of this CPU.</summary>
    public AsidAllocator Asids { get; }

    /// <summary>Grant mappings being undone here.</summary>
    public UndoneMappings Undone { get; } = new();

    /// <summary>Who runs here, or null.</summary>
    public Vcpu? Current { get; set; }

    /// <summary>The domain that ran here last: another one needs a speculation barrier.</summary>
    public Domain? LastDomain { get; set; }

    /// <summary>When the last decision of who runs was made, TSC.</summary>
    public ulong SliceStart { get; set; }

    /// <summary>Until when it holds.</summary>
    public ulong SliceEnd { get; set; }

    /// <summary>What the one-shot timer is programmed for, TSC; <see cref="ulong.MaxValue"/> when it is off.</summary>
    public ulong ProgrammedDeadline { get; set; } = ulong.MaxValue;

    /// <summary>The one-shot timer has fired and nobody has looked at the queue yet.</summary>
    public bool TimerFired
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (Volatile.Read(ref _notes) & Fired) != 0;
        set => SetNote(Fired, value);
    }

    /// <summary>It waits for an interrupt: a new runnable vCPU must be announced by a kick.</summary>
    public bool IsIdle
    {
        get => Volatile.Read(ref _isIdle);
        set => Volatile.Write(ref _isIdle, value);
    }

    /// <summary>The running vCPU must give way: its slice is over or a more urgent one came. Set from any CPU.</summary>
    public bool MustReschedule
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (Volatile.Read(ref _notes) & Reschedule) != 0;
        set => SetNote(Reschedule, value);
    }

    /// <summary>The dispatcher has something to look at before the running vCPU enters its guest again.</summary>
    public bool NeedsLook => Volatile.Read(ref _notes) != 0 || Timers.HasChanged;

    /// <summary>It is the CPU that executes this.</summary>
    public bool IsThis
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _machine.CurrentCpu == Index;
    }

    /// <summary>How long it waited with nothing to do, TSC ticks.</summary>
    public ulong IdleTicks { get; set; }

    /// <summary>It is time for the next decision.</summary>
    public bool IsSliceOver() => _machine.ReadTsc() >= SliceEnd;

    private void SetNote(int note, bool value)
    {
        if (value)
            Interlocked.Or(ref _notes, note);
        else if ((Volatile.Read(ref _notes) & note) != 0)
            Interlocked.And(ref _notes, ~note);
    }
}
