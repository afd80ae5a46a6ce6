using Microkernel.Core.Hardware;

namespace Microkernel.Core.Boot;

/// <summary>The state in which a guest's first vCPU starts: 32-bit protected mode with flat segments and no paging.</summary>
public static class EntryState
{
    private const ushort Code32 = 0xC9B;
    private const ushort Data32 = 0xC93;
    private const ushort BusyTss32 = 0x8B;
    private const ushort EmptyLdt = 0x82;
    private const ulong ProtectedMode = 0x11;
    private const uint LargestLimit = 0xFFFF_FFFF;

    /// <summary>
    /// For a PVH kernel (docs/misc/pvh.pandoc of Xen: EBX holds the start information) and for Linux' 32-bit entry (ESI holds the boot
    /// parameters); the selectors are Linux' __BOOT_CS and __BOOT_DS.
    /// </summary>
    public static void Fill(out VcpuContext context, ulong entry, ulong startInfo, ulong bootParameters)
    {
        context = default;
        context.Registers.Rip = entry;
        context.Registers.Rflags = 2;
        context.Registers.Rbx = startInfo;
        context.Registers.Rsi = bootParameters;
        context.Cr0 = ProtectedMode;
        context.Cs = Flat(0x10, Code32);
        Segment data = Flat(0x18, Data32);
        context.Ds = data;
        context.Es = data;
        context.Fs = data;
        context.Gs = data;
        context.Ss = data;
        context.Tr = new Segment { Attributes = BusyTss32, Limit = 0x67 };
        context.Ldtr = new Segment { Attributes = EmptyLdt };
    }

    private static Segment Flat(ushort selector, ushort attributes) =>
        new() { Selector = selector, Attributes = attributes, Limit = LargestLimit };
}
