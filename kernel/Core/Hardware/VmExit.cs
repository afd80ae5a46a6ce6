namespace Microkernel.Core.Hardware;

/// <summary>The details of an exit. Which fields hold depends on the reason.</summary>
public struct VmExit
{
    /// <summary>Why.</summary>
    public ExitReason Reason;

    /// <summary>Bytes of the exiting instruction; 0 when the CPU did not say and it must be decoded.</summary>
    public int InstructionLength;

    /// <summary>PortIo: port number.</summary>
    public ushort Port;

    /// <summary>PortIo: operand size in bytes, 1, 2 or 4.</summary>
    public byte Size;

    /// <summary>PortIo: IN rather than OUT.</summary>
    public bool IsInput;

    /// <summary>PortIo: INS or OUTS.</summary>
    public bool IsString;

    /// <summary>NestedFault: the guest-physical address.</summary>
    public ulong GuestPhysical;

    /// <summary>NestedFault: the access was a write.</summary>
    public bool IsWrite;

    /// <summary>NestedFault: the access was an instruction fetch.</summary>
    public bool IsFetch;

    /// <summary>NestedFault: the access came from the guest's page-table walk.</summary>
    public bool IsTableWalk;

    /// <summary>The vendor's exit code, for messages.</summary>
    public ulong RawCode;

    /// <summary>Instruction bytes the CPU provided (decode assists), in order from the low byte; see <see cref="InstructionByteCount"/>.</summary>
    public ulong InstructionBytesLow;

    /// <summary>The ninth to the sixteenth instruction byte.</summary>
    public ulong InstructionBytesHigh;

    /// <summary>How many instruction bytes the CPU provided, 0 to 15.</summary>
    public int InstructionByteCount;
}
