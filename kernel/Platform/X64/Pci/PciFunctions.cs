using Microkernel.Platform.X64;

namespace Microkernel.Platform.Pci;

/// <summary>
/// The functions of all PCI devices, also on buses that no bridge leads to, by configuration mechanism #1 (PCI 3.0, 3.2.2.3.2).
/// Only during start-up.
/// </summary>
internal static class PciFunctions
{
    private const ushort AddressPort = 0xcf8;
    private const ushort DataPort = 0xcfc;
    private const uint Enable = 0x8000_0000;
    private const uint Buses = 256, Devices = 32, Functions = 8;
    private const uint HeaderTypeRegister = 0xc;
    private const uint MultiFunction = 0x80_0000;
    private const ushort NoDevice = 0xffff;

    /// <summary>Raises <paramref name="function"/> to the first one from there on that exists; false if there is none.</summary>
    public static bool TryFindFrom(ref uint function)
    {
        for (; function < Buses * Devices * Functions; function++)
        {
            uint first = function & ~(Functions - 1);
            bool mayExist = function == first || (Read(first, HeaderTypeRegister) & MultiFunction) != 0;
            if (mayExist && (ushort)Read(function, 0) != NoDevice)
                return true;

            if (function == first && (ushort)Read(first, 0) == NoDevice || !mayExist)
                function |= Functions - 1;
        }

        return false;
    }

    /// <summary>Reads a configuration register.</summary>
    public static uint Read(uint function, uint register)
    {
        Cpu.Out32(AddressPort, Address(function, register));
        return Cpu.In32(DataPort);
    }

    /// <summary>Writes a configuration register.</summary>
    public static void Write(uint function, uint register, uint value)
    {
        Cpu.Out32(AddressPort, Address(function, register));
        Cpu.Out32(DataPort, value);
    }

    private static uint Address(uint function, uint register) => Enable | (function << 8) | register;
}
