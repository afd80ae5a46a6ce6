using System;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Hypercalls;
using Microkernel.Core.Logging;

namespace Microkernel.Core.Vcpus;

/// <summary>
/// Serves the exits of a vCPU. Whatever a guest does has an outcome here: it is served, answered with an exception as the CPU or Xen
/// would, or ends that guest.
/// </summary>
public static class ExitHandler
{
    internal const byte InvalidOpcode = 6;
    internal const byte GeneralProtection = 13;
    private const byte HaltOpcode = 0xF4;

    /// <summary>Serves <paramref name="exit"/> of <paramref name="vcpu"/>, on its own CPU.</summary>
    public static void Handle(Vcpu vcpu, ref VmExit exit)
    {
        switch (exit.Reason)
        {
            case ExitReason.Hypercall:
                HypercallDispatcher.Serve(vcpu, in exit);
                break;
            case ExitReason.Cpuid:
                ServeCpuid(vcpu, in exit);
                break;
            case ExitReason.ReadMsr:
                ServeReadMsr(vcpu, in exit);
                break;
            case ExitReason.WriteMsr:
                ServeWriteMsr(vcpu, in exit);
                break;
            case ExitReason.PortIo:
                ServePort(vcpu, in exit);
                break;
            case ExitReason.Halt:
                ServeHalt(vcpu, in exit);
                break;
            case ExitReason.NestedFault:
                NestedFaultHandler.Handle(vcpu, ref exit);
                break;
            case ExitReason.HostInterrupt:
            case ExitReason.InterruptWindow:
            case ExitReason.NmiWindow:
                // InterruptDelivery does what follows.
                break;
            default:
                HandleRare(vcpu, ref exit);
                break;
        }
    }

    /// <summary>#GP with error code 0.</summary>
    internal static void InjectGeneralProtection(Vcpu vcpu) => vcpu.Hardware.InjectException(GeneralProtection, 0);

    /// <summary>Ends the domain as crashed, with the vCPU's registers in the log.</summary>
    internal static void Crash(Vcpu vcpu, scoped ReadOnlySpan<byte> cause, in VmExit exit)
    {
        VcpuHardware hardware = vcpu.Hardware;
        ref GuestRegisters registers = ref hardware.Registers;
        LogLine line = $"{cause}, vcpu {vcpu.Id} rip {registers.Rip:x} rsp {registers.Rsp:x} cr2 {hardware.Cr2:x}";
        if (exit.Reason == ExitReason.NestedFault)
        {
            line.AppendLiteral(" gpa ");
            line.AppendFormatted(exit.GuestPhysical, "x");
        }

        line.AppendLiteral(" exit ");
        line.AppendFormatted(exit.RawCode, "x");
        vcpu.Domain.Shutdown(ShutdownReason.Crash, line.Text);
    }

    private static void HandleRare(Vcpu vcpu, ref VmExit exit)
    {
        switch (exit.Reason)
        {
            case ExitReason.SetXcr:
                ServeSetXcr(vcpu, in exit);
                break;
            case ExitReason.WriteTaskPriority:
                TaskPriorityWrite.Handle(vcpu, ref exit);
                break;
            case ExitReason.CacheControl:
                vcpu.Hardware.SkipInstruction(in exit);
                break;
            case ExitReason.Pause:
                // The rest of the slice goes to somebody who can use it.
                vcpu.Hardware.SkipInstruction(in exit);
                vcpu.Cpu.MustReschedule = true;
                break;
            case ExitReason.UndefinedInstruction:
                vcpu.Hardware.InjectException(InvalidOpcode);
                break;
            case ExitReason.ProtectedInstruction:
                InjectGeneralProtection(vcpu);
                break;
            case ExitReason.TripleFault:
                Crash(vcpu, "triple fault"u8, in exit);
                break;
            case ExitReason.InvalidState:
                Crash(vcpu, "state refused by the CPU"u8, in exit);
                break;
            default:
                Crash(vcpu, "unexpected exit"u8, in exit);
                break;
        }
    }

    /// <summary>CPUID, as the domain's policy answers it.</summary>
    internal static void ServeCpuid(Vcpu vcpu, in VmExit exit)
    {
        ref GuestRegisters registers = ref vcpu.Hardware.Registers;
        vcpu.Domain.Cpuid.Read(vcpu, (uint)registers.Rax, (uint)registers.Rcx, out CpuidResult result);
        registers.Rax = result.Eax;
        registers.Rbx = result.Ebx;
        registers.Rcx = result.Ecx;
        registers.Rdx = result.Edx;
        vcpu.Hardware.SkipInstruction(in exit);
    }

    private static void ServeReadMsr(Vcpu vcpu, in VmExit exit)
    {
        ref GuestRegisters registers = ref vcpu.Hardware.Registers;
        if (!MsrPolicy.TryRead(vcpu, (uint)registers.Rcx, out ulong value))
        {
            InjectGeneralProtection(vcpu);
            return;
        }

        registers.Rax = (uint)value;
        registers.Rdx = value >> 32;
        vcpu.Hardware.SkipInstruction(in exit);
    }

    private static void ServeWriteMsr(Vcpu vcpu, in VmExit exit)
    {
        ref GuestRegisters registers = ref vcpu.Hardware.Registers;
        ulong value = (uint)registers.Rax | registers.Rdx << 32;
        if (!MsrPolicy.TryWrite(vcpu, (uint)registers.Rcx, value))
        {
            InjectGeneralProtection(vcpu);
            return;
        }

        vcpu.Hardware.SkipInstruction(in exit);
    }

    private static void ServePort(Vcpu vcpu, in VmExit exit)
    {
        if (exit.IsString)
        {
            InjectGeneralProtection(vcpu);
            return;
        }

        ref ulong rax = ref vcpu.Hardware.Registers.Rax;
        if (!exit.IsInput)
        {
            if (!PortIo.TryWrite(vcpu.Domain, exit.Port, (byte)rax))
            {
                // Another CPU is writing. The guest executes the instruction again.
                vcpu.Domain.Kernel.Dispatcher.Yield(vcpu);
                return;
            }
        }
        else if (exit.Size == sizeof(uint))
        {
            rax = PortIo.Read(exit.Port);
        }
        else
        {
            ulong mask = exit.Size == 1 ? 0xFFu : 0xFFFFu;
            rax = (rax & ~mask) | (PortIo.Read(exit.Port) & mask);
        }

        vcpu.Hardware.SkipInstruction(in exit);
    }

    /// <summary>
    /// The host interrupted a guest between STI and the next instruction. If that is HLT, it is executed here, as the CPU would: one that
    /// forgets the shadow on its way (QEMU before 9.1) would let an interrupt in first, and the guest would sleep past it.
    /// </summary>
    internal static void FinishShadow(Vcpu vcpu)
    {
        VmExit halt = default;
        halt.InstructionLength = 1;
        Span<byte> bytes = stackalloc byte[InstructionBytes.Capacity];
        if (InstructionBytes.Read(vcpu, in halt, bytes) != 0 && bytes[0] == HaltOpcode && vcpu.Hardware.Cpl == 0)
            ServeHalt(vcpu, in halt);
    }

    /// <summary>HLT. With interrupts off, Xen takes it as the end of that CPU, and of the domain when it was the last one.</summary>
    internal static void ServeHalt(Vcpu vcpu, in VmExit exit)
    {
        vcpu.Hardware.SkipInstruction(in exit);
        if (vcpu.Hardware.InterruptFlag)
        {
            vcpu.IsHalted = true;
            vcpu.WantsBlock = true;
            return;
        }

        vcpu.GoOffline();
    }

    private static void ServeSetXcr(Vcpu vcpu, in VmExit exit)
    {
        ref GuestRegisters registers = ref vcpu.Hardware.Registers;
        ulong value = (uint)registers.Rax | registers.Rdx << 32;
        if (vcpu.Hardware.Cpl != 0 || (uint)registers.Rcx != 0 || !vcpu.Domain.Cpuid.IsXcr0Allowed(value))
        {
            InjectGeneralProtection(vcpu);
            return;
        }

        vcpu.Hardware.Xcr0 = value;
        vcpu.Hardware.SkipInstruction(in exit);
    }
}
