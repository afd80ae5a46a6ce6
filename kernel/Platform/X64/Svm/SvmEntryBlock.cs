using System.Runtime.InteropServices;
using Microkernel.Core.Hardware;

namespace Microkernel.Platform.Svm;

/// <summary>
/// What the world switch in SvmEntry.S works on: one for each vCPU, in the page behind its control block. The assembly knows the
/// offsets; a test compares them.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 0x300)]
internal struct SvmEntryBlock
{
    [FieldOffset(0x000)]
    public GuestRegisters Registers;

    /// <summary>Physical address of the vCPU's control block.</summary>
    [FieldOffset(0x090)]
    public ulong Vmcb;

    /// <summary>Physical address of the control block that holds the executing CPU's own VMLOAD state.</summary>
    [FieldOffset(0x0A0)]
    public ulong HostVmcb;

    [FieldOffset(0x0A8)]
    public SwitchActions Actions;

    /// <summary>The core's MXCSR: all exceptions masked.</summary>
    [FieldOffset(0x0AC)]
    public uint HostMxcsr;

    /// <summary>The guest's SPEC_CTRL, if <see cref="SwitchActions.SpecCtrl"/>.</summary>
    [FieldOffset(0x0B0)]
    public ulong GuestSpecCtrl;

    /// <summary>The core's SPEC_CTRL, if <see cref="SwitchActions.SpecCtrl"/>.</summary>
    [FieldOffset(0x0B8)]
    public ulong HostSpecCtrl;

    /// <summary>The guest's DR0 to DR3 while the vCPU is not loaded.</summary>
    [FieldOffset(0x0C0)]
    public DebugAddresses DebugAddresses;

    /// <summary>FXSAVE area of the guest's x87 and SSE state, aligned to 16 bytes; its first word is FCW, bytes 24-27 MXCSR.</summary>
    [FieldOffset(0x100)]
    public ushort Fcw;

    [FieldOffset(0x118)]
    public uint Mxcsr;
}
