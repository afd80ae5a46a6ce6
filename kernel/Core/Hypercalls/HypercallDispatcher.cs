using System.Runtime.CompilerServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Hardware;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Hypercalls;

/// <summary>From the VMMCALL exit to the handler and back.</summary>
public static class HypercallDispatcher
{
    /// <summary>
    /// Serves the hypercall in the vCPU's registers. The calling conventions are those of Xen's hypercall page (xen/arch-x86/xen-x86_64.h,
    /// xen-x86_32.h); only the guest's kernel may call.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Serve(Vcpu vcpu, in VmExit exit)
    {
        VcpuHardware hardware = vcpu.Hardware;
        if (!hardware.Is64BitCode)
        {
            Serve32(vcpu, in exit);
            return;
        }

        ref GuestRegisters registers = ref hardware.Registers;
        HypercallCall call = new(vcpu, false)
        {
            Arg0 = registers.Rdi,
            Arg1 = registers.Rsi,
            Arg2 = registers.Rdx,
            Arg3 = registers.R10,
            Arg4 = registers.R8,
            Arg5 = registers.R9,
        };
        long result = hardware.Cpl == 0 ? HypercallTable.Serve(ref call, registers.Rax) : XenError.EPERM;
        if (call.IsContinued)
        {
            registers.Rdi = call.Arg0;
            registers.Rsi = call.Arg1;
            registers.Rdx = call.Arg2;
            registers.R10 = call.Arg3;
            registers.R8 = call.Arg4;
            return;
        }

        registers.Rax = (ulong)result;
        hardware.SkipInstruction(in exit);
    }

    // A continued call will be executed again: RIP stays, and the arguments are what is left to do.
    private static void Serve32(Vcpu vcpu, in VmExit exit)
    {
        ref GuestRegisters registers = ref vcpu.Hardware.Registers;
        HypercallCall call = new(vcpu, true)
        {
            Arg0 = (uint)registers.Rbx,
            Arg1 = (uint)registers.Rcx,
            Arg2 = (uint)registers.Rdx,
            Arg3 = (uint)registers.Rsi,
            Arg4 = (uint)registers.Rdi,
            Arg5 = (uint)registers.Rbp,
        };
        long result = vcpu.Hardware.Cpl == 0 ? HypercallTable.Serve(ref call, (uint)registers.Rax) : XenError.EPERM;
        if (call.IsContinued)
        {
            registers.Rbx = (uint)call.Arg0;
            registers.Rcx = (uint)call.Arg1;
            registers.Rdx = (uint)call.Arg2;
            registers.Rsi = (uint)call.Arg3;
            registers.Rdi = (uint)call.Arg4;
            return;
        }

        registers.Rax = (uint)result;
        vcpu.Hardware.SkipInstruction(in exit);
    }
}
