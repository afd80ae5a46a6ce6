using System;

namespace Mk.Machine;

/// <summary>Receives what a machine prints. Calls never overlap.</summary>
public interface IMachineOutput
{
    /// <summary>A line of the first serial port: the core's log, or what firmware says before it.</summary>
    void CoreLine(string line);

    /// <summary>Bytes of a guest's console.</summary>
    /// <param name="guest">The domain's place in the manifest, from 0.</param>
    /// <param name="bytes">The bytes as the guest wrote them.</param>
    void GuestOutput(int guest, ReadOnlyMemory<byte> bytes);
}
