using System.Runtime.InteropServices;

namespace Microkernel.Platform.Traps;

/// <summary>What the stubs in Traps.S and the CPU push, lowest address first.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TrapFrame
{
    public ulong R15;
    public ulong R14;
    public ulong R13;
    public ulong R12;
    public ulong R11;
    public ulong R10;
    public ulong R9;
    public ulong R8;
    public ulong Rdi;
    public ulong Rsi;
    public ulong Rbp;
    public ulong Rbx;
    public ulong Rdx;
    public ulong Rcx;
    public ulong Rax;
    public ulong Vector;
    public ulong ErrorCode;
    public ulong Rip;
    public ulong Cs;
    public ulong Rflags;
    public ulong Rsp;
    public ulong Ss;
}
