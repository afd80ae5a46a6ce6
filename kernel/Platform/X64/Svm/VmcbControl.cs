using System.Runtime.InteropServices;

namespace Microkernel.Platform.Svm;

/// <summary>The control area, the first 1024 bytes of a virtual machine control block (AMD APM vol. 2, table B-1).</summary>
[StructLayout(LayoutKind.Explicit, Size = 0x400)]
internal struct VmcbControl
{
    /// <summary>Reads (low half) and writes (high half) of CRn.</summary>
    [FieldOffset(0x000)]
    public uint InterceptControlRegisters;

    /// <summary>Reads (low half) and writes (high half) of DRn.</summary>
    [FieldOffset(0x004)]
    public uint InterceptDebugRegisters;

    [FieldOffset(0x008)]
    public ExceptionIntercepts InterceptExceptions;

    [FieldOffset(0x00C)]
    public Intercepts1 Intercepts1;

    [FieldOffset(0x010)]
    public Intercepts2 Intercepts2;

    [FieldOffset(0x014)]
    public Intercepts3 Intercepts3;

    [FieldOffset(0x03C)]
    public ushort PauseFilterThreshold;

    [FieldOffset(0x03E)]
    public ushort PauseFilterCount;

    [FieldOffset(0x040)]
    public ulong PortMap;

    [FieldOffset(0x048)]
    public ulong MsrMap;

    [FieldOffset(0x050)]
    public ulong TscOffset;

    [FieldOffset(0x058)]
    public uint Asid;

    [FieldOffset(0x05C)]
    public TlbControl TlbControl;

    [FieldOffset(0x060)]
    public VirtualInterrupt VirtualInterrupt;

    [FieldOffset(0x064)]
    public byte VirtualInterruptVector;

    /// <summary>Bit 0: the guest is in the shadow of STI or MOV SS.</summary>
    [FieldOffset(0x068)]
    public ulong InterruptShadow;

    [FieldOffset(0x070)]
    public ulong ExitCode;

    [FieldOffset(0x078)]
    public ulong ExitInfo1;

    [FieldOffset(0x080)]
    public ulong ExitInfo2;

    /// <summary>The event that was being delivered when the exit came, in the format of <see cref="EventInjection"/>.</summary>
    [FieldOffset(0x088)]
    public ulong ExitInterruptInfo;

    /// <summary>Bit 0: nested paging.</summary>
    [FieldOffset(0x090)]
    public ulong NestedControl;

    [FieldOffset(0x0A8)]
    public ulong EventInjection;

    [FieldOffset(0x0B0)]
    public ulong NestedCr3;

    /// <summary>Bit 0: the last-branch record is virtualized.</summary>
    [FieldOffset(0x0B8)]
    public ulong LastBranchControl;

    [FieldOffset(0x0C0)]
    public VmcbClean Clean;

    /// <summary>Where the exiting instruction ends, if the CPU saves it.</summary>
    [FieldOffset(0x0C8)]
    public ulong NextRip;

    /// <summary>Decode assists: how many of the bytes that follow are valid.</summary>
    [FieldOffset(0x0D0)]
    public byte InstructionByteCount;

    [FieldOffset(0x0D1)]
    public ulong InstructionBytesLow;

    /// <summary>Its last byte (0E0h) is not part of the instruction.</summary>
    [FieldOffset(0x0D9)]
    public ulong InstructionBytesHigh;
}
