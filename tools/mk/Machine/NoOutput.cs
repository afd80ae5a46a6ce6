using System;

namespace Mk.Machine;

/// <summary>For a machine whose output nobody wants.</summary>
public sealed class NoOutput : IMachineOutput
{
    /// <inheritdoc/>
    public void CoreLine(string line)
    {
    }

    /// <inheritdoc/>
    public void GuestOutput(int guest, ReadOnlyMemory<byte> bytes)
    {
    }
}
