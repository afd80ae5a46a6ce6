namespace Microkernel.Core.Hardware;

/// <summary>What was seen at a place in physical memory.</summary>
public struct EntryObservation
{
    /// <summary>Physical address, a multiple of 8.</summary>
    public ulong Address;

    /// <summary>The eight bytes there.</summary>
    public ulong Value;
}
