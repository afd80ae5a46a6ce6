using Microkernel.Platform.X64;

namespace Microkernel.Platform.Pci;

/// <summary>
/// Takes from every PCI device the right to touch memory: no domain drives devices yet, and what firmware or the loader
/// left running must not write into frames that now belong to somebody. All buses are tried, also those that no bridge
/// leads to. Configuration mechanism #1 (PCI 3.0, 3.2.2.3.2).
/// </summary>
internal static class BusMastering
{
    private const ushort AddressPort = 0xcf8;
    private const ushort DataPort = 0xcfc;
    private const uint Enable = 0x8000_0000;
    private const int Buses = 256, Devices = 32, Functions = 8;
    private const uint CommandRegister = 4;
    private const uint HeaderTypeRegister = 0xc;
    private const uint MultiFunction = 0x80_0000;
    private const uint BusMaster = 4;
    private const uint StatusMask = 0xffff_0000;
    private const ushort NoDevice = 0xffff;

    /// <summary>Switches bus mastering off everywhere; returns how many functions there are and how many had it on.</summary>
    public static (int Found, int WereOn) Disable()
    {
        int found = 0, wereOn = 0;
        for (uint function = 0; function < Buses * Devices * Functions; function++)
        {
            if ((ushort)Read(function, 0) == NoDevice)
            {
                function |= (function & (Functions - 1)) == 0 ? Functions - 1u : 0;
                continue;
            }

            found++;
            wereOn += Disable(function) ? 1 : 0;
            bool isOnly = (function & (Functions - 1)) == 0 && (Read(function, HeaderTypeRegister) & MultiFunction) == 0;
            function |= isOnly ? Functions - 1u : 0;
        }

        return (found, wereOn);
    }

    // The status half of the register is write-one-to-clear: zeros leave it alone.
    private static bool Disable(uint function)
    {
        uint command = Read(function, CommandRegister) & ~StatusMask;
        bool wasOn = (command & BusMaster) != 0;
        if (wasOn)
        {
            Cpu.Out32(AddressPort, Address(function, CommandRegister));
            Cpu.Out32(DataPort, command & ~BusMaster);
        }

        return wasOn;
    }

    private static uint Read(uint function, uint register)
    {
        Cpu.Out32(AddressPort, Address(function, register));
        return Cpu.In32(DataPort);
    }

    private static uint Address(uint function, uint register) => Enable | (function << 8) | register;
}
