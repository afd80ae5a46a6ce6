using System;
using Microkernel.Platform.Cpus;
using Microkernel.Platform.X64;

namespace Microkernel.Platform.Diagnostics;

/// <summary>
/// Who called whom. Compiled methods need not keep a frame pointer, so this walks over the stack and names every word
/// that is an address behind a call instruction; a stale one may be among them.
/// </summary>
internal static unsafe class Backtrace
{
    private const int MostLines = 24;

    /// <summary>Writes the callers.</summary>
    /// <param name="instruction">Where it happened; 0 if the stack tells.</param>
    /// <param name="stack">The stack pointer then.</param>
    internal static void Write(ulong instruction, ulong stack)
    {
        if (instruction != 0)
            WriteLine(instruction);

        ulong end = EndOf(stack);
        int lines = 0;
        for (ulong at = stack & ~7UL; at < end && lines < MostLines; at += 8)
        {
            // Sound: the stack is mapped up to its end, and EndOf knows the stacks.
            ulong word = *(ulong*)at;
            if (IsReturnAddress(word))
            {
                WriteLine(word);
                lines++;
            }
        }
    }

    private static ulong EndOf(ulong stack)
    {
        ref readonly ImageLayout image = ref ImageLayout.Current;
        return stack >= image.ZeroedData && stack < image.BootStackEnd ? image.BootStackEnd : CpuArea.EndOfStack(stack);
    }

    private static bool IsReturnAddress(ulong address)
    {
        ref readonly ImageLayout image = ref ImageLayout.Current;
        if (address < image.Text + 8 || address >= image.TextEnd)
            return false;

        // Sound: text is readable. CALL rel32 is E8; calls through registers and memory are FF with /2.
        byte* code = (byte*)address;
        return code[-5] == 0xE8 || IsIndirectCall(&code[-2]) || IsIndirectCall(&code[-3]) || IsIndirectCall(&code[-6]);
    }

    private static bool IsIndirectCall(byte* code) => code[0] == 0xFF && (code[1] >> 3 & 7) == 2;

    private static void WriteLine(ulong address)
    {
        PanicText text = new("  "u8);
        text.AddHex(address);
        ref readonly ImageLayout image = ref ImageLayout.Current;
        if (address >= image.Text && address < image.TextEnd)
        {
            text.Add(" "u8);
            text.Add(SymbolTable.Find(address, stackalloc byte[SymbolTable.LongestName], out ulong offset));
            text.Add("+"u8);
            text.Add(offset);
        }

        text.End();
    }
}
