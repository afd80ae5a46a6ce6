using Microkernel.Core.Hardware;

namespace Microkernel.Platform.X64.Svm;

/// <summary>Turns the control block's account of an exit into the vendor-neutral one.</summary>
internal static class SvmExit
{
    /// <summary>Translates the exit that <paramref name="control"/> tells of; <paramref name="rip"/> is the guest's.</summary>
    internal static ExitReason Decode(in VmcbControl control, ulong rip, bool hasNextRip, out VmExit exit)
    {
        exit = default;
        exit.RawCode = control.ExitCode;
        int length = Classify(control, ref exit);
        if (length != 0)
        {
            exit.InstructionLength = hasNextRip ? (int)(control.NextRip - rip) : length;
        }
        else if (exit.Reason == ExitReason.PortIo)
        {
            DecodePortIo(control, rip, ref exit);
        }
        else if (exit.Reason == ExitReason.NestedFault)
        {
            DecodeNestedFault(control, ref exit);
        }

        return exit.Reason;
    }

    /// <summary>Sets the reason; returns the length of the exiting instruction (without prefixes) if it is always the same, or 0.</summary>
    private static int Classify(in VmcbControl control, ref VmExit exit)
    {
        switch ((uint)control.ExitCode)
        {
            case SvmExitCode.Vmmcall:
                exit.Reason = ExitReason.Hypercall;
                return 3;
            case SvmExitCode.Cpuid:
                exit.Reason = ExitReason.Cpuid;
                return 2;
            case SvmExitCode.Msr:
                exit.Reason = control.ExitInfo1 == 0 ? ExitReason.ReadMsr : ExitReason.WriteMsr;
                return 2;
            case SvmExitCode.Halt:
                exit.Reason = ExitReason.Halt;
                return 1;
            case SvmExitCode.Xsetbv:
                exit.Reason = ExitReason.SetXcr;
                return 3;
            case SvmExitCode.Invd:
            case SvmExitCode.Wbinvd:
                exit.Reason = ExitReason.CacheControl;
                return 2;
            case SvmExitCode.Rdpmc:
                exit.Reason = ExitReason.ProtectedInstruction;
                return 2;
            case SvmExitCode.Pause:
                exit.Reason = ExitReason.Pause;
                return 2;
            default:
                exit.Reason = ClassifyOther((uint)control.ExitCode);
                return 0;
        }
    }

    private static ExitReason ClassifyOther(uint code) => code switch
    {
        SvmExitCode.Interrupt or SvmExitCode.Nmi or SvmExitCode.Smi or SvmExitCode.Init => ExitReason.HostInterrupt,
        SvmExitCode.DebugException or SvmExitCode.AlignmentCheck => ExitReason.HostInterrupt,
        SvmExitCode.PortIo => ExitReason.PortIo,
        SvmExitCode.NestedFault => ExitReason.NestedFault,
        SvmExitCode.VirtualInterrupt => ExitReason.InterruptWindow,
        SvmExitCode.Iret => ExitReason.NmiWindow,
        SvmExitCode.Shutdown => ExitReason.TripleFault,
        SvmExitCode.Invlpga or SvmExitCode.Vmrun or SvmExitCode.Vmload or SvmExitCode.Vmsave or SvmExitCode.Stgi
            or SvmExitCode.Clgi or SvmExitCode.Skinit or SvmExitCode.Monitor or SvmExitCode.Mwait
            or SvmExitCode.MwaitArmed or SvmExitCode.Rdpru or SvmExitCode.Invlpgb or SvmExitCode.InvlpgbIllegal
            or SvmExitCode.Mcommit or SvmExitCode.Tlbsync => ExitReason.UndefinedInstruction,
        SvmExitCode.Invalid => ExitReason.InvalidState,
        _ => ExitReason.Unexpected,
    };

    // EXITINFO1 (AMD APM vol. 2, 15.10.2): bit 0 IN, 2 string, 4-6 size in bytes, 16-31 port. EXITINFO2: next RIP.
    private static void DecodePortIo(in VmcbControl control, ulong rip, ref VmExit exit)
    {
        ulong info = control.ExitInfo1;
        exit.Port = (ushort)(info >> 16);
        exit.Size = (byte)(info >> 4 & 7);
        exit.IsInput = (info & 1) != 0;
        exit.IsString = (info & 4) != 0;
        exit.InstructionLength = (int)(control.ExitInfo2 - rip);
    }

    // EXITINFO1 (15.25.6): a page-fault error code, and bit 33 for a fault in the guest's own page-table walk.
    private static void DecodeNestedFault(in VmcbControl control, ref VmExit exit)
    {
        const ulong LastByteIsForeign = 0x00FF_FFFF_FFFF_FFFF;
        exit.GuestPhysical = control.ExitInfo2;
        exit.IsWrite = (control.ExitInfo1 & 1UL << 1) != 0;
        exit.IsFetch = (control.ExitInfo1 & 1UL << 4) != 0;
        exit.IsTableWalk = (control.ExitInfo1 & 1UL << 33) != 0;
        exit.InstructionByteCount = control.InstructionByteCount & 15;
        exit.InstructionBytesLow = control.InstructionBytesLow;
        exit.InstructionBytesHigh = control.InstructionBytesHigh & LastByteIsForeign;
    }
}
