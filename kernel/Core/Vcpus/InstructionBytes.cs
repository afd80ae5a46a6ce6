using System;
using System.Runtime.InteropServices;
using Microkernel.Core.Hardware;
using Microkernel.Core.Memory;

namespace Microkernel.Core.Vcpus;

/// <summary>The bytes of an exiting instruction: from the CPU if it says them, else from the guest's memory.</summary>
public static class InstructionBytes
{
    /// <summary>Bytes a buffer must have.</summary>
    public const int Capacity = 16;

    private const int LongestInstruction = 15;

    /// <summary>
    /// Fills <paramref name="bytes"/> and returns how many there are; 0 if they cannot be read. Another vCPU may have changed them since.
    /// </summary>
    public static int Read(Vcpu vcpu, in VmExit exit, Span<byte> bytes)
    {
        if (exit.InstructionByteCount != 0)
        {
            MemoryMarshal.Write(bytes, exit.InstructionBytesLow);
            MemoryMarshal.Write(bytes.Slice(8), exit.InstructionBytesHigh);
            return Math.Min(exit.InstructionByteCount, LongestInstruction);
        }

        VcpuHardware hardware = vcpu.Hardware;
        ulong linear = hardware.CodeBase + hardware.Registers.Rip;
        linear = hardware.Is64BitCode ? linear : (uint)linear;
        return GuestMemory.Fetch(vcpu, linear, bytes.Slice(0, LongestInstruction));
    }
}
