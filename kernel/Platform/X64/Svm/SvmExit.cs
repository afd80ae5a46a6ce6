using System.Runtime.CompilerServices;
using Microkernel.Core.Hardware;

namespace Microkernel.Platform.Svm;

/// <summary>Turns the control block's account of an exit into the vendor-neutral one.</summary>
internal static class SvmExit
{
    /// <summary>Codes below this are in the table that <see cref="CreateTable"/> makes.</summary>
    internal const int TableSize = 0x100;

    private const int LengthShift = 8;

    /// <summary>
    /// What is known of an exit by its code alone: the reason in the low byte; above, for the exits that need no second
    /// look, the length of the instruction (without prefixes), else 0.
    /// </summary>
    internal static ushort[] CreateTable()
    {
        ushort[] table = new ushort[TableSize];
        for (uint code = 0; code < TableSize; code++)
            table[code] = (ushort)((int)ReasonOf(code) | LengthOf(code) << LengthShift);

        return table;
    }

    /// <summary>
    /// The short way for frequent exits; false if the exit needs <see cref="Decode"/>. <paramref name="rip"/> is the guest's.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool TryDecodeQuickly(in VmcbControl control, ref readonly ulong rip, bool hasNextRip, ushort[] table, ref VmExit exit)
    {
        uint code = (uint)control.ExitCode;
        int known = code < (uint)table.Length ? table[code] : 0;
        int length = known >> LengthShift;
        exit.RawCode = code;
        exit.Reason = (ExitReason)(byte)known;
        exit.InstructionLength = hasNextRip ? (int)(control.NextRip - rip) : length;
        return length != 0;
    }

    /// <summary>Translates any exit.</summary>
    internal static void Decode(in VmcbControl control, ulong rip, bool hasNextRip, ref VmExit exit)
    {
        const int MsrLength = 2;
        exit.InstructionLength = 0;
        switch ((uint)exit.RawCode)
        {
            case SvmExitCode.Msr:
                exit.Reason = control.ExitInfo1 == 0 ? ExitReason.ReadMsr : ExitReason.WriteMsr;
                exit.InstructionLength = hasNextRip ? (int)(control.NextRip - rip) : MsrLength;
                break;
            case SvmExitCode.PortIo:
                DecodePortIo(control, rip, ref exit);
                break;
            case SvmExitCode.NestedFault:
                DecodeNestedFault(control, ref exit);
                break;
            case SvmExitCode.Invalid:
                exit.Reason = ExitReason.InvalidState;
                break;
            default:
                exit.Reason = ReasonOf((uint)exit.RawCode);
                break;
        }
    }

    private static ExitReason ReasonOf(uint code) => code switch
    {
        SvmExitCode.Interrupt or SvmExitCode.Nmi or SvmExitCode.Smi or SvmExitCode.Init => ExitReason.HostInterrupt,
        SvmExitCode.DebugException or SvmExitCode.AlignmentCheck or SvmExitCode.MachineCheck => ExitReason.HostInterrupt,
        SvmExitCode.VirtualInterrupt => ExitReason.InterruptWindow,
        SvmExitCode.Iret => ExitReason.NmiWindow,
        SvmExitCode.WriteCr8 => ExitReason.WriteTaskPriority,
        SvmExitCode.Vmmcall => ExitReason.Hypercall,
        SvmExitCode.Cpuid => ExitReason.Cpuid,
        SvmExitCode.Halt => ExitReason.Halt,
        SvmExitCode.Pause => ExitReason.Pause,
        SvmExitCode.Xsetbv => ExitReason.SetXcr,
        SvmExitCode.Invd or SvmExitCode.Wbinvd => ExitReason.CacheControl,
        SvmExitCode.Rdpmc => ExitReason.ProtectedInstruction,
        SvmExitCode.Shutdown => ExitReason.TripleFault,
        SvmExitCode.Invlpga or SvmExitCode.Vmrun or SvmExitCode.Vmload or SvmExitCode.Vmsave or SvmExitCode.Stgi
            or SvmExitCode.Clgi or SvmExitCode.Skinit or SvmExitCode.Monitor or SvmExitCode.Mwait
            or SvmExitCode.MwaitArmed or SvmExitCode.Rdpru or SvmExitCode.Invlpgb or SvmExitCode.InvlpgbIllegal
            or SvmExitCode.Mcommit or SvmExitCode.Tlbsync => ExitReason.UndefinedInstruction,
        _ => ExitReason.Unexpected,
    };

    private static int LengthOf(uint code) => code switch
    {
        SvmExitCode.Halt => 1,
        SvmExitCode.Cpuid or SvmExitCode.Invd or SvmExitCode.Wbinvd => 2,
        SvmExitCode.Rdpmc or SvmExitCode.Pause => 2,
        SvmExitCode.Vmmcall or SvmExitCode.Xsetbv => 3,
        _ => 0,
    };

    // EXITINFO1 (AMD APM vol. 2, 15.10.2): bit 0 IN, 2 string, 4-6 size in bytes, 16-31 port. EXITINFO2: next RIP.
    private static void DecodePortIo(in VmcbControl control, ulong rip, ref VmExit exit)
    {
        ulong info = control.ExitInfo1;
        exit.Reason = ExitReason.PortIo;
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
        exit.Reason = ExitReason.NestedFault;
        exit.GuestPhysical = control.ExitInfo2;
        exit.IsWrite = (control.ExitInfo1 & 1UL << 1) != 0;
        exit.IsFetch = (control.ExitInfo1 & 1UL << 4) != 0;
        exit.IsTableWalk = (control.ExitInfo1 & 1UL << 33) != 0;
        exit.InstructionByteCount = control.InstructionByteCount & 15;
        exit.InstructionBytesLow = control.InstructionBytesLow;
        exit.InstructionBytesHigh = control.InstructionBytesHigh & LastByteIsForeign;
    }
}
