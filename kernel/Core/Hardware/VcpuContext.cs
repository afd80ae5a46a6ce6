namespace Microkernel.Core.Hardware;

/// <summary>The architectural state a vCPU starts with: PVH entry, INIT and SIPI, VCPUOP_initialise, the Linux boot protocol.</summary>
public struct VcpuContext
{
    public GuestRegisters Registers;
    public ulong Cr0;
    public ulong Cr3;
    public ulong Cr4;
    public ulong Efer;
    public Segment Cs;
    public Segment Ss;
    public Segment Ds;
    public Segment Es;
    public Segment Fs;
    public Segment Gs;
    public Segment Ldtr;
    public Segment Tr;
    public Segment Gdtr;
    public Segment Idtr;
}
