namespace Microkernel.Core.Hardware;

/// <summary>A segment register with its hidden part.</summary>
public struct Segment
{
    /// <summary>Selector.</summary>
    public ushort Selector;

    /// <summary>Attributes: bits 0-7 are descriptor bits 40-47, bits 8-11 are descriptor bits 52-55 (AMD APM vol. 2, 15.5).</summary>
    public ushort Attributes;

    /// <summary>Limit in bytes.</summary>
    public uint Limit;

    /// <summary>Base address.</summary>
    public ulong Base;
}
