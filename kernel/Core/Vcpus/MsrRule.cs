namespace Microkernel.Core.Vcpus;

/// <summary>A row of <see cref="MsrTable"/>: MSRs that need no state, what they read as, and what writing them does.</summary>
public readonly struct MsrRule(uint first, uint last, ulong value, MsrWrites writes)
{
    /// <summary>First register number.</summary>
    public readonly uint First = first;

    /// <summary>Last register number.</summary>
    public readonly uint Last = last;

    /// <summary>What it reads as.</summary>
    public readonly ulong Value = value;

    /// <summary>What writing does.</summary>
    public readonly MsrWrites Writes = writes;
}
