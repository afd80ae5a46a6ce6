using Microkernel.Core.Hardware;

namespace Microkernel.Core.Vcpus;

/// <summary>
/// RDMSR and WRMSR of guests: the registers with state here, those that the vendor's control block keeps, and <see cref="MsrTable"/>. False
/// means #GP.
/// </summary>
public static class MsrPolicy
{
    private const uint TimeStampCounter = 0x10;
    private const uint ApicBaseMsr = 0x1B;
    private const uint TscDeadline = 0x6E0;
    private const uint FirstX2Apic = 0x800;
    private const uint LastX2Apic = FirstX2Apic + ApicRegister.Count - 1;
    private const uint HypercallPageMsr = 0x4000_0000;
    private const uint EferMsr = 0xC000_0080;
    private const ulong EferSyscall = 1 << 0;
    private const ulong EferLongMode = 1 << 8;
    private const ulong EferLongModeActive = 1 << 10;
    private const ulong EferNoExecute = 1 << 11;
    private const ulong Cr0Paging = 1UL << 31;

    /// <summary>The guest reads MSR <paramref name="index"/>.</summary>
    public static bool TryRead(Vcpu vcpu, uint index, out ulong value)
    {
        switch (index)
        {
            case TimeStampCounter:
                value = vcpu.Domain.Kernel.Machine.ReadTsc() + vcpu.Hardware.TscOffset;
                return true;
            case ApicBaseMsr:
                value = vcpu.Apic.Base;
                return true;
            case TscDeadline:
                value = vcpu.Apic.Timer.GuestDeadline;
                return true;
            case >= FirstX2Apic and <= LastX2Apic:
                return TryReadX2Apic(vcpu.Apic, (int)(index - FirstX2Apic), out value);
            case HypercallPageMsr:
                value = 0;
                return true;
            case EferMsr:
                value = vcpu.Hardware.Efer;
                return true;
            default:
                return vcpu.Hardware.TryReadMsr(index, out value) || MsrTable.TryRead(index, out value);
        }
    }

    /// <summary>The guest writes MSR <paramref name="index"/>.</summary>
    public static bool TryWrite(Vcpu vcpu, uint index, ulong value)
    {
        switch (index)
        {
            case TimeStampCounter:
                vcpu.Hardware.TscOffset = value - vcpu.Domain.Kernel.Machine.ReadTsc();
                vcpu.PostLocally(PendingWork.Clock);
                return true;
            case ApicBaseMsr:
                return ApicBase.TryWrite(vcpu.Apic, value);
            case TscDeadline:
                vcpu.Apic.Timer.SetGuestDeadline(value);
                return true;
            case >= FirstX2Apic and <= LastX2Apic:
                return TryWriteX2Apic(vcpu.Apic, (int)(index - FirstX2Apic), value);
            case HypercallPageMsr:
                return HypercallPage.TryWrite(vcpu, value);
            case EferMsr:
                return TryWriteEfer(vcpu.Hardware, value);
            default:
                return vcpu.Hardware.TryWriteMsr(index, value) || MsrTable.IsWritable(index, value);
        }
    }

    private static bool TryReadX2Apic(LocalApic apic, int register, out ulong value)
    {
        value = 0;
        if (apic.Mode != ApicMode.X2Apic || !ApicAccess.TryRead(apic, register, out uint low))
            return false;

        value = low;
        if (register == ApicRegister.InterruptCommand)
            value |= (ulong)apic.Register(ApicRegister.InterruptCommandHigh) << 32;

        return true;
    }

    private static bool TryWriteX2Apic(LocalApic apic, int register, ulong value)
    {
        if (apic.Mode != ApicMode.X2Apic)
            return false;

        return register == ApicRegister.InterruptCommand
            ? InterprocessorInterrupt.TrySend(apic, (uint)(value >> 32), (uint)value)
            : value >> 32 == 0 && ApicAccess.TryWrite(apic, register, (uint)value);
    }

    // LME cannot change while paging is on; LMA follows by itself and what is written to it does not count.
    private static bool TryWriteEfer(VcpuHardware hardware, ulong value)
    {
        const ulong Writable = EferSyscall | EferLongMode | EferNoExecute;
        ulong old = hardware.Efer;
        bool isPaging = (hardware.Cr0 & Cr0Paging) != 0;
        if ((value & ~(Writable | EferLongModeActive)) != 0 || (isPaging && ((value ^ old) & EferLongMode) != 0))
            return false;

        hardware.Efer = (value & Writable) | (old & EferLongModeActive);
        return true;
    }
}
