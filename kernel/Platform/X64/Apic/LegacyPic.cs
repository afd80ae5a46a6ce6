using Microkernel.Platform.X64;

namespace Microkernel.Platform.Apic;

/// <summary>The two 8259A interrupt controllers of old: silenced for good.</summary>
internal static class LegacyPic
{
    private const ushort FirstData = 0x21;
    private const ushort SecondData = 0xa1;
    private const byte AllMasked = 0xff;

    /// <summary>Masks all their inputs.</summary>
    public static void Mask()
    {
        Cpu.Out8(SecondData, AllMasked);
        Cpu.Out8(FirstData, AllMasked);
    }
}
