using System;

namespace Microkernel.Platform.Acpi;

/// <summary>What the table reader needs of the machine: the tables' memory and somewhere to complain.</summary>
public abstract class AcpiHost
{
    /// <summary>
    /// Shows <paramref name="length"/> bytes of physical memory from <paramref name="address"/> on, until start-up ends.
    /// False when there is no such memory.
    /// </summary>
    public abstract bool TryMap(ulong address, int length, out ReadOnlySpan<byte> bytes);

    /// <summary>Logs what is wrong with one of the firmware's tables; the caller does without it.</summary>
    public abstract void Warn(string table, string problem);
}
