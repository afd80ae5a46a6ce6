using System.Runtime.InteropServices;

namespace Microkernel.Platform.Svm;

/// <summary>A virtual machine control block: one page that VMRUN, VMLOAD and VMSAVE take by its physical address.</summary>
[StructLayout(LayoutKind.Explicit, Size = 0x1000)]
internal struct Vmcb
{
    [FieldOffset(0x000)]
    public VmcbControl Control;

    [FieldOffset(0x400)]
    public VmcbSave Save;
}
