using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Microkernel.Xen;

/// <summary>The structures of service_op, as the core has them.</summary>
internal static class ServiceAbi
{
    internal const int LongestName = 64;
    internal const int MostBytes = 64 * 1024;
    internal const int ContextSize = 128;

    internal const uint GetInfo = 0, GetRing = 1, GetDevice = 2, GetObject = 3, ReadObject = 4, CopyObject = 5, CopyTo = 6;
    internal const uint SetEntry = 7, SeedGrant = 8, AttachConsole = 9, Audit = 10, ReadScheduling = 11, ApplyScheduling = 12;
    internal const uint ReadSlices = 13;

    internal const uint RingResource = 0x8000, KeptResource = 0x8001;

    [InlineArray(LongestName)]
    internal struct Name
    {
        private byte _first;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct Info
    {
        internal uint Version;
        internal uint Entry;
        internal uint Privileges;
        internal uint Rings;
        internal uint Objects;
        internal uint Devices;
        internal uint KeptPages;
        internal uint FirstGuest;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct Ring
    {
        internal uint Index;
        internal uint Id;
        internal uint IsSecond;
        internal uint Peer;
        internal ulong Pages;
        internal Name PeerName;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct Device
    {
        internal uint Index;
        internal uint Padding;
        internal ulong Address;
        internal ulong Size;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct BootObject
    {
        internal uint Index;
        internal uint Padding;
        internal ulong Size;
        internal Name Name;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct ObjectRead
    {
        internal uint Index;
        internal uint Length;
        internal ulong Offset;
        internal ulong Buffer;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct ObjectCopy
    {
        internal uint Index;
        internal uint Domain;
        internal ulong Offset;
        internal ulong Length;
        internal ulong Address;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct Copy
    {
        internal uint Domain;
        internal uint Length;
        internal ulong Address;
        internal ulong Buffer;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct Grant
    {
        internal uint Domain;
        internal uint Reference;
        internal uint Backend;
        internal uint Padding;
        internal ulong Frame;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct DomainOnly
    {
        internal uint Domain;
        internal uint Padding;
    }

    [InlineArray(SchedulingState.LatencyClasses)]
    internal struct LatencyCounts
    {
        private uint _first;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct Rules
    {
        internal ulong Budget;
        internal ulong Period;
        internal ulong Limit;
        internal uint Weight;
        internal uint Band;
        internal ulong Affinity;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct SchedulingRead
    {
        internal uint First;
        internal uint Capacity;
        internal uint Count;
        internal uint Cpus;
        internal ulong Generation;
        internal ulong Now;
        internal ulong Buffer;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct SchedulingRecord
    {
        internal uint Domain;
        internal uint Vcpu;
        internal ulong DomainGeneration;
        internal uint Cpu;
        internal uint Where;
        internal uint Flags;
        internal uint Padding;
        internal Rules Rules;
        internal ulong Effective;
        internal ulong Pin;
        internal ulong Ran;
        internal ulong Waited;
        internal ulong Wakeups;
        internal ulong Migrations;
        internal ulong WorstWait;
        internal LatencyCounts Latency;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct SchedulingTransaction
    {
        internal ulong BaseGeneration;
        internal ulong Generation;
        internal uint Contexts;
        internal uint Slots;
        internal ulong ContextArray;
        internal ulong SlotArray;
        internal uint FailedIndex;
        internal uint Flags;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct ContextRecord
    {
        internal uint Domain;
        internal uint Vcpu;
        internal ulong DomainGeneration;
        internal Rules Rules;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct SlotRecord
    {
        internal uint Cpu;
        internal uint Flags;
        internal uint Domain;
        internal uint Vcpu;
        internal ulong DomainGeneration;
        internal ulong Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct SliceRead
    {
        internal uint Cpu;
        internal uint Capacity;
        internal uint Count;
        internal uint Padding;
        internal ulong First;
        internal ulong Lost;
        internal ulong Now;
        internal ulong Buffer;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct SliceRecord
    {
        internal ulong Start;
        internal ulong End;
        internal ulong Waited;
        internal ushort Domain;
        internal ushort Vcpu;
        internal uint Next;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct AuditResult
    {
        internal ulong Violations;
        internal ulong FreeFrames;
    }
}
