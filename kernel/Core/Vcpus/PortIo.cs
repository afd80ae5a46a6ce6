using Microkernel.Core.Domains;

namespace Microkernel.Core.Vcpus;

/// <summary>
/// The I/O ports of a guest without devices: nobody answers, which reads as all ones. That is also how Linux sees that there is no CMOS
/// clock, no PCI and no keyboard controller.
/// </summary>
public static class PortIo
{
    private const ushort FirstPit = 0x40;
    private const ushort LastPit = 0x43;

    /// <summary>What a port reads as. The timer chip reads 0: a guest that measures its clock with it gives up at once.</summary>
    public static uint Read(ushort port) => port is >= FirstPit and <= LastPit ? 0 : uint.MaxValue;

    /// <summary>What is written to a port vanishes.</summary>
    public static void Write(Domain domain, ushort port, uint value)
    {
    }
}
