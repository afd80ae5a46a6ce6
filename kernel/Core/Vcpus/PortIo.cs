using System;
using Microkernel.Core.Domains;

namespace Microkernel.Core.Vcpus;

/// <summary>
/// The I/O ports of a guest without devices: nobody answers, which reads as all ones. That is also how Linux sees that there is no CMOS
/// clock, no PCI and no keyboard controller. One port writes on the console, as on Xen.
/// </summary>
public static class PortIo
{
    private const ushort FirstPit = 0x40;
    private const ushort LastPit = 0x43;
    private const ushort Console = 0xE9;

    /// <summary>What a port reads as. The timer chip reads 0: a guest that measures its clock with it gives up at once.</summary>
    public static uint Read(ushort port) => port is >= FirstPit and <= LastPit ? 0 : uint.MaxValue;

    /// <summary>Text for the console goes there, what is written to another port vanishes. False: it is to be written again later.</summary>
    public static bool TryWrite(Domain domain, ushort port, byte value)
    {
        bool isText = value is (>= (byte)' ' and <= (byte)'~') or (byte)'\n' or (byte)'\t';
        return port != Console || !isText || domain.Kernel.Consoles.TryWrite(domain, new ReadOnlySpan<byte>(in value));
    }
}
