using System;
using Microkernel.Platform.Cpus;
using Microkernel.Platform.Traps;
using Microkernel.Platform.X64;

namespace Microkernel.Platform.Diagnostics;

/// <summary>Says in words and registers what the CPU complained about.</summary>
internal static unsafe class TrapReport
{
    private const ulong FaultOnPresentPage = 1;
    private const ulong FaultOnWrite = 2;
    private const ulong FaultOnFetch = 16;

    internal static void Write(ref readonly TrapFrame frame)
    {
        PanicText text = new("PANIC: "u8);
        text.Add(Name((int)frame.Vector));
        if (frame.Vector >= ExceptionVector.Count)
            text.Add(frame.Vector);
        else if (frame.Vector == ExceptionVector.PageFault)
            AddPageFault(text, frame.ErrorCode, Cpu.ReadCr2());
        else if (frame.Vector == ExceptionVector.DoubleFault && CpuArea.IsGuardPage(frame.Rsp - 8))
            text.Add(", stack overflow"u8);

        text.Add(", CPU "u8);
        // Sound: every CPU has a block with its number.
        text.Add((ulong)CpuBlock.Current->Index);
        text.End();
        WriteRegisters(in frame);
    }

    private static void AddPageFault(PanicText text, ulong error, ulong address)
    {
        text.Add((error & FaultOnFetch) != 0 ? ", executing "u8
            : (error & FaultOnWrite) != 0 ? ", writing "u8
            : ", reading "u8);
        text.AddHex(address);
        text.Add((error & FaultOnPresentPage) != 0 ? " without the right to"u8
            : address < 4096 ? " (null reference)"u8
            : CpuArea.IsGuardPage(address) ? " (guard page of a stack)"u8
            : " (not mapped)"u8);
    }

    private static void WriteRegisters(ref readonly TrapFrame frame)
    {
        WriteRow("rip "u8, frame.Rip, " rsp "u8, frame.Rsp, " flags "u8, frame.Rflags);
        WriteRow("rax "u8, frame.Rax, " rbx "u8, frame.Rbx, " rcx   "u8, frame.Rcx);
        WriteRow("rdx "u8, frame.Rdx, " rsi "u8, frame.Rsi, " rdi   "u8, frame.Rdi);
        WriteRow("rbp "u8, frame.Rbp, " r8  "u8, frame.R8, " r9    "u8, frame.R9);
        WriteRow("r10 "u8, frame.R10, " r11 "u8, frame.R11, " r12   "u8, frame.R12);
        WriteRow("r13 "u8, frame.R13, " r14 "u8, frame.R14, " r15   "u8, frame.R15);
        WriteRow("cr2 "u8, Cpu.ReadCr2(), " cr3 "u8, Cpu.ReadCr3(), " error "u8, frame.ErrorCode);
    }

    private static void WriteRow(
        ReadOnlySpan<byte> name1, ulong value1, ReadOnlySpan<byte> name2, ulong value2, ReadOnlySpan<byte> name3, ulong value3)
    {
        PanicText text = new(name1);
        text.AddHex(value1);
        text.Add(name2);
        text.AddHex(value2);
        text.Add(name3);
        text.AddHex(value3);
        text.End();
    }

    private static ReadOnlySpan<byte> Name(int vector) => vector switch
    {
        ExceptionVector.Divide => "division by zero or overflow (#DE)"u8,
        1 => "debug exception (#DB)"u8,
        ExceptionVector.NonMaskable => "non-maskable interrupt"u8,
        3 => "breakpoint (#BP)"u8,
        6 => "invalid opcode (#UD)"u8,
        7 => "no floating point (#NM)"u8,
        ExceptionVector.DoubleFault => "double fault (#DF)"u8,
        12 => "stack fault (#SS)"u8,
        ExceptionVector.GeneralProtection => "general protection fault (#GP)"u8,
        ExceptionVector.PageFault => "page fault (#PF)"u8,
        17 => "alignment check (#AC)"u8,
        ExceptionVector.MachineCheck => "machine check (#MC)"u8,
        19 => "SIMD exception (#XF)"u8,
        21 => "control protection fault (#CP)"u8,
        < ExceptionVector.Count => "exception"u8,
        _ => "unexpected interrupt "u8,
    };
}
