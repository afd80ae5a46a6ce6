namespace Microkernel.Platform.Pci;

/// <summary>The memory behind a base address register (PCI 3.0, 6.2.5.1), where the firmware has put it.</summary>
internal static class BaseAddress
{
    private const uint FirstRegister = 0x10;
    private const uint CommandRegister = 4;
    private const uint DecodesMemory = 2;
    private const uint IsPort = 1;
    private const uint TypeMask = 6;
    private const uint Is64 = 4;
    private const ulong FlagMask = 0xf;
    private const int LastBar = 5;

    /// <summary>Finds the memory of the first device with an id (vendor in the lower half); false if there is none.</summary>
    public static bool TryFind(uint id, int bar, out ulong address, out ulong size)
    {
        address = size = 0;
        for (uint function = 0; PciFunctions.TryFindFrom(ref function); function++)
        {
            if (PciFunctions.Read(function, 0) == id)
                return TryRead(function, bar, out address, out size);
        }

        return false;
    }

    // The size shows in the bits that stay zero when all are set. Nothing decodes the address meanwhile.
    private static bool TryRead(uint function, int bar, out ulong address, out ulong size)
    {
        uint register = FirstRegister + ((uint)bar * sizeof(uint));
        uint low = PciFunctions.Read(function, register);
        bool isWide = (low & TypeMask) == Is64 && bar < LastBar;
        uint high = isWide ? PciFunctions.Read(function, register + sizeof(uint)) : 0;
        address = (((ulong)high << 32) | low) & ~FlagMask;
        uint command = (ushort)PciFunctions.Read(function, CommandRegister);
        PciFunctions.Write(function, CommandRegister, command & ~DecodesMemory);
        PciFunctions.Write(function, register, uint.MaxValue);
        ulong mask = PciFunctions.Read(function, register) | 0xffff_ffff_0000_0000;
        PciFunctions.Write(function, register, low);
        if (isWide)
        {
            PciFunctions.Write(function, register + sizeof(uint), uint.MaxValue);
            mask = (uint)mask | ((ulong)PciFunctions.Read(function, register + sizeof(uint)) << 32);
            PciFunctions.Write(function, register + sizeof(uint), high);
        }

        PciFunctions.Write(function, CommandRegister, command | DecodesMemory);
        size = ~(mask & ~FlagMask) + 1;
        return (low & IsPort) == 0 && address != 0;
    }
}
