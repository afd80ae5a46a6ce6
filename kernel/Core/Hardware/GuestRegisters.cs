using System.Runtime.InteropServices;

namespace Microkernel.Core.Hardware;

/// <summary>A vCPU's general registers between two runs. The order is the x86 register number, then
/// RFLAGS and RIP; Platform's entry code knows it.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GuestRegisters
{
    public ulong Rax;
    public ulong Rcx;
    public ulong Rdx;
    public ulong Rbx;
    public ulong Rsp;
    public ulong Rbp;
    public ulong Rsi;
    public ulong Rdi;
    public ulong R8;
    public ulong R9;
    public ulong R10;
    public ulong R11;
    public ulong R12;
    public ulong R13;
    public ulong R14;
    public ulong R15;
    public ulong Rflags;
    public ulong Rip;
}
