namespace Microkernel.Platform.Svm;

/// <summary>Exit codes (AMD APM vol. 2, appendix C).</summary>
internal static class SvmExitCode
{
    public const uint WriteCr8 = 0x18;
    public const uint DebugException = 0x41;
    public const uint AlignmentCheck = 0x51;
    public const uint MachineCheck = 0x52;
    public const uint Interrupt = 0x60;
    public const uint Nmi = 0x61;
    public const uint Smi = 0x62;
    public const uint Init = 0x63;
    public const uint VirtualInterrupt = 0x64;
    public const uint Rdpmc = 0x6F;
    public const uint Cpuid = 0x72;
    public const uint Iret = 0x74;
    public const uint Invd = 0x76;
    public const uint Pause = 0x77;
    public const uint Halt = 0x78;
    public const uint Invlpga = 0x7A;
    public const uint PortIo = 0x7B;
    public const uint Msr = 0x7C;
    public const uint Shutdown = 0x7F;
    public const uint Vmrun = 0x80;
    public const uint Vmmcall = 0x81;
    public const uint Vmload = 0x82;
    public const uint Vmsave = 0x83;
    public const uint Stgi = 0x84;
    public const uint Clgi = 0x85;
    public const uint Skinit = 0x86;
    public const uint Wbinvd = 0x89;
    public const uint Monitor = 0x8A;
    public const uint Mwait = 0x8B;
    public const uint MwaitArmed = 0x8C;
    public const uint Xsetbv = 0x8D;
    public const uint Rdpru = 0x8E;
    public const uint Invlpgb = 0xA0;
    public const uint InvlpgbIllegal = 0xA1;
    public const uint Mcommit = 0xA3;
    public const uint Tlbsync = 0xA4;
    public const uint NestedFault = 0x400;

    /// <summary>VMRUN refused the control block; some emulators leave the upper half of the field 0.</summary>
    public const uint Invalid = 0xFFFFFFFF;
}
