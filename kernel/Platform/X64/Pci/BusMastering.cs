namespace Microkernel.Platform.Pci;

/// <summary>
/// Takes from every PCI device the right to touch memory: no domain drives devices yet, and what firmware or the loader
/// left running must not write into frames that now belong to somebody.
/// </summary>
internal static class BusMastering
{
    private const uint CommandRegister = 4;
    private const uint BusMaster = 4;
    private const uint StatusMask = 0xffff_0000;

    /// <summary>Switches bus mastering off everywhere; returns how many functions there are and how many had it on.</summary>
    public static (int Found, int WereOn) Disable()
    {
        int found = 0, wereOn = 0;
        for (uint function = 0; PciFunctions.TryFindFrom(ref function); function++)
        {
            found++;
            wereOn += Disable(function) ? 1 : 0;
        }

        return (found, wereOn);
    }

    // The status half of the register is write-one-to-clear: zeros leave it alone.
    private static bool Disable(uint function)
    {
        uint command = PciFunctions.Read(function, CommandRegister) & ~StatusMask;
        bool wasOn = (command & BusMaster) != 0;
        if (wasOn)
            PciFunctions.Write(function, CommandRegister, command & ~BusMaster);

        return wasOn;
    }
}
