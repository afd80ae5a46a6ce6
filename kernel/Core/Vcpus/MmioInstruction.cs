namespace Microkernel.Core.Vcpus;

/// <summary>A decoded instruction that moves data between memory and a register, or a constant to memory.</summary>
public struct MmioInstruction
{
    /// <summary>Bytes.</summary>
    public int Length;

    /// <summary>To memory.</summary>
    public bool IsWrite;

    /// <summary>Bytes of the memory operand: 1, 2, 4 or 8.</summary>
    public int Size;

    /// <summary>Bytes of the register that a read fills: larger than <see cref="Size"/> for MOVZX and MOVSX.</summary>
    public int RegisterSize;

    /// <summary>A read extends the sign.</summary>
    public bool IsSigned;

    /// <summary>Number of the register; -1 when a constant is written.</summary>
    public int Register;

    /// <summary>The register is AH, CH, DH or BH: the second byte of register <see cref="Register"/>.</summary>
    public bool IsHighByte;

    /// <summary>The constant.</summary>
    public ulong Immediate;
}
