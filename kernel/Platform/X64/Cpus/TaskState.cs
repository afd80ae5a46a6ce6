using System.Runtime.InteropServices;

namespace Microkernel.Platform.Cpus;

/// <summary>The 64-bit task state segment (AMD APM vol. 2, 12.2.5).</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal struct TaskState
{
    /// <summary>Bytes of the segment; without an I/O map behind it.</summary>
    internal const int Size = 104;

    private uint _reserved0;
    private ulong _stack0;
    private ulong _stack1;
    private ulong _stack2;
    private ulong _reserved1;
    private ulong _interruptStack1;
    private ulong _interruptStack2;
    private ulong _interruptStack3;
    private ulong _interruptStack4;
    private ulong _interruptStack5;
    private ulong _interruptStack6;
    private ulong _interruptStack7;
    private ulong _reserved2;
    private ushort _reserved3;
    private ushort _ioMapBase;

    /// <summary>A task state with the stacks for NMI, double fault and machine check, each named by its end.</summary>
    internal TaskState(ulong nmi, ulong doubleFault, ulong machineCheck)
    {
        _interruptStack1 = nmi;
        _interruptStack2 = doubleFault;
        _interruptStack3 = machineCheck;
        _ioMapBase = Size;
    }
}
