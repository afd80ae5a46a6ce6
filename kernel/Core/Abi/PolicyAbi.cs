using Microkernel.Core.Dispatch;

namespace Microkernel.Core.Abi;

/// <summary>
/// The sub-operations of service_op by which a scheduling policy learns how vCPUs fare and says how they share the CPUs. Times are
/// nanoseconds; the layouts are the same for 32-bit callers.
/// </summary>
public static class PolicyAbi
{
    public const uint ReadScheduling = 11;
    public const uint ApplyScheduling = 12;
    public const uint ReadSlices = 13;

    /// <summary>Where a vCPU is.</summary>
    public const uint IsRunning = 1;
    public const uint IsReady = 2;
    public const uint IsBlocked = 3;
    public const uint IsOffline = 4;

    /// <summary>Flags of a vCPU: a service's, with a floor; named by a table.</summary>
    public const uint HasFloor = 1;
    public const uint HasSlot = 2;

    /// <summary>Flags of a slot: nobody else runs in it; it is nobody's.</summary>
    public const uint StrictSlot = 1;
    public const uint NobodysSlot = 2;

    /// <summary>A record's number when none is to blame.</summary>
    public const uint NoRecord = uint.MaxValue;

    /// <summary>read_scheduling: where to begin (0 at first; out: where to go on, 0 at the end), the buffer and its records in; the rest out.</summary>
    public struct Read
    {
        public uint First;
        public uint Capacity;
        public uint Count;
        public uint CpuCount;
        public ulong Generation;
        public ulong Now;
        public ulong Buffer;
    }

    /// <summary>Bytes of <see cref="State"/>.</summary>
    public const int StateSize = 160;

    /// <summary>What read_scheduling says of a vCPU.</summary>
    public struct State
    {
        public uint Domain;
        public uint Vcpu;
        public ulong DomainGeneration;
        public uint Cpu;
        public uint Where;
        public uint Flags;
        public uint Padding;
        public SchedulingRules Rules;
        public ulong Effective;
        public ulong Pin;
        public ulong Ran;
        public ulong Waited;
        public ulong Wakeups;
        public ulong Migrations;
        public ulong WorstWait;
        public LatencyCounts Latency;
    }

    /// <summary>apply_scheduling: generation and failed index out, the rest in.</summary>
    public struct Transaction
    {
        public ulong BaseGeneration;
        public ulong Generation;
        public uint ContextCount;
        public uint SlotCount;
        public ulong Contexts;
        public ulong Slots;
        public uint FailedIndex;
        public uint Flags;
    }

    /// <summary>What a transaction says of a vCPU.</summary>
    public struct Context
    {
        public uint Domain;
        public uint Vcpu;
        public ulong DomainGeneration;
        public SchedulingRules Rules;
    }

    /// <summary>A slot of a CPU's table. Those of a CPU follow each other; one of length 0 alone removes the table.</summary>
    public struct Slot
    {
        public uint Cpu;
        public uint Flags;
        public uint Domain;
        public uint Vcpu;
        public ulong DomainGeneration;
        public ulong Length;
    }

    /// <summary>
    /// read_slices: a CPU, the number of the first slice wanted (out: where to go on), the buffer and its records in; how many there are and
    /// how many of those wanted are gone already, out.
    /// </summary>
    public struct SliceRead
    {
        public uint Cpu;
        public uint Capacity;
        public uint Count;
        public uint Padding;
        public ulong First;
        public ulong Lost;
        public ulong Now;
        public ulong Buffer;
    }

    /// <summary>Bytes of <see cref="Slice"/>.</summary>
    public const int SliceSize = 32;

    /// <summary>A vCPU ran: from when to when, how long it had waited since it was woken for it (or 0), and where it was afterwards.</summary>
    public struct Slice
    {
        public ulong Start;
        public ulong End;
        public ulong Waited;
        public ushort Domain;
        public ushort Vcpu;
        public uint Next;
    }
}
