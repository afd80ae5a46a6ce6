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
    public static void Serve(Vcpu vcpu, in VmExit exit)
    {
        ref GuestRegisters registers = ref vcpu.Hardware.Registers;
        bool is32 = !vcpu.Hardware.Is64BitCode;
        HypercallCall call = new(vcpu, is32);
        Load(ref call, in registers);
        long result = vcpu.Hardware.Cpl == 0
            ? Invoke(ref call, is32 ? (uint)registers.Rax : registers.Rax)
            : XenError.EPERM;
        if (call.IsContinued)
        {
            Store(in call, ref registers);
            return;
        }

        registers.Rax = is32 ? (uint)result : (ulong)result;
        vcpu.Hardware.SkipInstruction(in exit);
    }

    /// <summary>Finds and runs the operation; also for the calls within a multicall.</summary>
    public static long Invoke(ref HypercallCall call, ulong number)
    {
        SubOperation? operation = HypercallTable.Find(number, call.Arg0);
        return operation == null ? XenError.ENOSYS : operation.Handler(ref call);
    }

    private static void Load(ref HypercallCall call, in GuestRegisters registers)
    {
        if (call.Is32)
        {
            call.Arg0 = (uint)registers.Rbx;
            call.Arg1 = (uint)registers.Rcx;
            call.Arg2 = (uint)registers.Rdx;
            call.Arg3 = (uint)registers.Rsi;
            call.Arg4 = (uint)registers.Rdi;
            call.Arg5 = (uint)registers.Rbp;
            return;
        }

        call.Arg0 = registers.Rdi;
        call.Arg1 = registers.Rsi;
        call.Arg2 = registers.Rdx;
        call.Arg3 = registers.R10;
        call.Arg4 = registers.R8;
        call.Arg5 = registers.R9;
    }

    // The hypercall will be executed again: RIP stays, and the arguments are what is left to do.
    private static void Store(in HypercallCall call, ref GuestRegisters registers)
    {
        if (call.Is32)
        {
            registers.Rbx = (uint)call.Arg0;
            registers.Rcx = (uint)call.Arg1;
            registers.Rdx = (uint)call.Arg2;
            registers.Rsi = (uint)call.Arg3;
            registers.Rdi = (uint)call.Arg4;
            return;
        }

        registers.Rdi = call.Arg0;
        registers.Rsi = call.Arg1;
        registers.Rdx = call.Arg2;
        registers.R10 = call.Arg3;
        registers.R8 = call.Arg4;
    }
}
