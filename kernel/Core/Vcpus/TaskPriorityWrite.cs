using System;
using System.Runtime.InteropServices;
using Microkernel.Core.Hardware;

namespace Microkernel.Core.Vcpus;

/// <summary>MOV to CR8, the task priority by its short name: [F0] [REX] 0F 22 /r (AMD APM vol. 3, MOV CRn).</summary>
public static class TaskPriorityWrite
{
    private const ulong LargestClass = 15;
    private const byte RexB = 1;

    /// <summary>Serves the exit.</summary>
    public static void Handle(Vcpu vcpu, ref VmExit exit)
    {
        Span<byte> bytes = stackalloc byte[InstructionBytes.Capacity];
        int count = InstructionBytes.Read(vcpu, in exit, bytes);
        if (!TryDecode(bytes.Slice(0, count), vcpu.Hardware.Is64BitCode, out int register, out int length))
        {
            ExitHandler.InjectGeneralProtection(vcpu);
            return;
        }

        ReadOnlySpan<ulong> registers =
            MemoryMarshal.Cast<GuestRegisters, ulong>(MemoryMarshal.CreateSpan(ref vcpu.Hardware.Registers, 1));
        ulong value = vcpu.Hardware.Is64BitCode ? registers[register] : (uint)registers[register];
        if (value > LargestClass)
        {
            ExitHandler.InjectGeneralProtection(vcpu);
            return;
        }

        vcpu.Apic.SetTaskPriority((byte)(value << 4));
        exit.InstructionLength = length;
        vcpu.Hardware.SkipInstruction(in exit);
    }

    /// <summary>Finds the register that is written to CR8, and the instruction's length.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, bool is64, out int register, out int length)
    {
        int at = 0;
        byte rex = 0;
        while (at < bytes.Length && bytes[at] != 0x0F)
        {
            // A REX prefix counts only right before the opcode.
            rex = is64 && (bytes[at] & 0xF0) == 0x40 ? bytes[at] : (byte)0;
            at++;
        }

        length = at + 3;
        bool isWhole = length <= bytes.Length && bytes[at + 1] == 0x22;
        register = isWhole ? (bytes[at + 2] & 7) | ((rex & RexB) << 3) : 0;
        return isWhole;
    }
}
