using System;

namespace Microkernel.CoreLibTests.Checks;

/// <summary>Where a check writes what it found.</summary>
public abstract class Report
{
    /// <summary>Writes one finding.</summary>
    public abstract void Line(ReadOnlySpan<byte> name, long value);
}
