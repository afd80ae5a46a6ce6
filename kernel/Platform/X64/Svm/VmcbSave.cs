using System.Runtime.InteropServices;
using Microkernel.Core.Hardware;

namespace Microkernel.Platform.Svm;

/// <summary>
/// The state save area, from byte 400h of a virtual machine control block (AMD APM vol. 2, table B-2). Segments have the
/// layout of <see cref="Segment"/>. SvmEntry.S knows the offsets of RFLAGS, RIP, RSP and RAX.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 0xC00)]
internal struct VmcbSave
{
    private const ulong PatAtReset = 0x0007_0406_0007_0406; // WB, WT, UC-, UC, twice
    private const ulong Dr6AtReset = 0xFFFF_0FF0;
    private const ulong Dr7AtReset = 0x400;

    [FieldOffset(0x000)]
    public Segment Es;

    [FieldOffset(0x010)]
    public Segment Cs;

    [FieldOffset(0x020)]
    public Segment Ss;

    [FieldOffset(0x030)]
    public Segment Ds;

    [FieldOffset(0x040)]
    public Segment Fs;

    [FieldOffset(0x050)]
    public Segment Gs;

    [FieldOffset(0x060)]
    public Segment Gdtr;

    [FieldOffset(0x070)]
    public Segment Ldtr;

    [FieldOffset(0x080)]
    public Segment Idtr;

    [FieldOffset(0x090)]
    public Segment Tr;

    [FieldOffset(0x0CB)]
    public byte Cpl;

    [FieldOffset(0x0D0)]
    public ulong Efer;

    [FieldOffset(0x148)]
    public ulong Cr4;

    [FieldOffset(0x150)]
    public ulong Cr3;

    [FieldOffset(0x158)]
    public ulong Cr0;

    [FieldOffset(0x160)]
    public ulong Dr7;

    [FieldOffset(0x168)]
    public ulong Dr6;

    [FieldOffset(0x170)]
    public ulong Rflags;

    [FieldOffset(0x178)]
    public ulong Rip;

    [FieldOffset(0x1D8)]
    public ulong Rsp;

    [FieldOffset(0x1F8)]
    public ulong Rax;

    [FieldOffset(0x200)]
    public ulong Star;

    [FieldOffset(0x208)]
    public ulong Lstar;

    [FieldOffset(0x210)]
    public ulong Cstar;

    [FieldOffset(0x218)]
    public ulong Sfmask;

    [FieldOffset(0x220)]
    public ulong KernelGsBase;

    [FieldOffset(0x228)]
    public ulong SysenterCs;

    [FieldOffset(0x230)]
    public ulong SysenterEsp;

    [FieldOffset(0x238)]
    public ulong SysenterEip;

    [FieldOffset(0x240)]
    public ulong Cr2;

    [FieldOffset(0x268)]
    public ulong Pat;

    /// <summary>The guest's SPEC_CTRL where the CPU virtualizes it.</summary>
    [FieldOffset(0x2E0)]
    public ulong SpecCtrl;

    /// <summary>Takes over a state; what it does not say is as after power-on.</summary>
    internal void Reset(in VcpuContext context)
    {
        this = default;
        Cr0 = context.Cr0;
        Cr3 = context.Cr3;
        Cr4 = context.Cr4;
        Efer = context.Efer;
        Cs = context.Cs;
        Ss = context.Ss;
        Ds = context.Ds;
        Es = context.Es;
        Fs = context.Fs;
        Gs = context.Gs;
        Ldtr = context.Ldtr;
        Tr = context.Tr;
        Gdtr = context.Gdtr;
        Idtr = context.Idtr;
        Dr6 = Dr6AtReset;
        Dr7 = Dr7AtReset;
        Pat = PatAtReset;
    }

    /// <summary>The state that <see cref="Reset"/> would take; the general registers are not here.</summary>
    internal readonly void Get(out VcpuContext context)
    {
        context = new VcpuContext
        {
            Cr0 = Cr0,
            Cr3 = Cr3,
            Cr4 = Cr4,
            Efer = Efer,
            Cs = Cs,
            Ss = Ss,
            Ds = Ds,
            Es = Es,
            Fs = Fs,
            Gs = Gs,
            Ldtr = Ldtr,
            Tr = Tr,
            Gdtr = Gdtr,
            Idtr = Idtr,
        };
    }
}
