using System;
using System.Runtime.InteropServices;
using Microkernel.Core.Hardware;

namespace Microkernel.Core.Vcpus;

/// <summary>
/// Accesses that the nested page table refuses. The page of the xAPIC is served. As on Xen with a guest that has no device model, holes read
/// as all ones, and what is written to them or to read-only pages vanishes; an instruction that is not a move gets #GP.
/// </summary>
public static class NestedFaultHandler
{
    private const ulong AllOnes = ulong.MaxValue;

    /// <summary>Serves the fault.</summary>
    public static void Handle(Vcpu vcpu, ref VmExit exit)
    {
        ulong gfn = exit.GuestPhysical >> PhysicalMemory.FrameShift;
        if (IsAllowedNow(vcpu, gfn, in exit, out bool isHole))
            return;

        if (exit.IsTableWalk)
        {
            ExitHandler.Crash(vcpu, "page table outside of memory"u8, in exit);
            return;
        }

        if (exit.IsFetch || !TryDecode(vcpu, in exit, out MmioInstruction instruction) || instruction.IsWrite != exit.IsWrite)
        {
            ExitHandler.InjectGeneralProtection(vcpu);
            return;
        }

        bool isApic = isHole && vcpu.Apic.Mode == ApicMode.XApic && gfn == ApicBase.PageOf(vcpu.Apic.Base);
        Execute(vcpu, in instruction, (int)exit.GuestPhysical & (PhysicalMemory.FrameSize - 1), isApic);
        exit.InstructionLength = instruction.Length;
        vcpu.Hardware.SkipInstruction(in exit);
    }

    // Another CPU may have mapped the page meanwhile: then the guest tries again.
    private static bool IsAllowedNow(Vcpu vcpu, ulong gfn, in VmExit exit, out bool isHole)
    {
        NestedAccess needed = exit.IsWrite ? NestedAccess.Write : exit.IsFetch ? NestedAccess.Execute : NestedAccess.Read;
        using TicketLock.Holder held = vcpu.Domain.Physmap.Lock.Hold();
        isHole = !vcpu.Domain.Physmap.TryLookup(gfn, out _, out NestedAccess access);
        return !isHole && (access & needed) != 0;
    }

    private static bool TryDecode(Vcpu vcpu, in VmExit exit, out MmioInstruction instruction)
    {
        VcpuHardware hardware = vcpu.Hardware;
        Span<byte> bytes = stackalloc byte[InstructionBytes.Capacity];
        int count = InstructionBytes.Read(vcpu, in exit, bytes);
        return MmioDecoder.TryDecode(bytes.Slice(0, count), hardware.Is64BitCode, hardware.Is32BitCode, out instruction);
    }

    private static void Execute(Vcpu vcpu, in MmioInstruction instruction, int offset, bool isApic)
    {
        Span<ulong> registers =
            MemoryMarshal.Cast<GuestRegisters, ulong>(MemoryMarshal.CreateSpan(ref vcpu.Hardware.Registers, 1));
        if (!instruction.IsWrite)
        {
            ulong value = isApic ? ApicPage.Read(vcpu.Apic, offset) : AllOnes;
            Fill(ref registers[instruction.Register], in instruction, value);
        }
        else if (isApic)
        {
            ulong value = instruction.Register < 0 ? instruction.Immediate : registers[instruction.Register];
            ApicPage.Write(vcpu.Apic, offset, instruction.Size, (uint)value);
        }
    }

    // Puts what was read into the register as wide as the instruction says; 32 bits clear the upper half.
    private static void Fill(ref ulong register, in MmioInstruction instruction, ulong value)
    {
        int unused = 64 - (8 * instruction.Size);
        value = instruction.IsSigned ? (ulong)((long)(value << unused) >> unused) : value << unused >> unused;
        switch (instruction.RegisterSize)
        {
            case 1 when instruction.IsHighByte:
                register = (register & ~0xFF00UL) | ((value & 0xFF) << 8);
                break;
            case 1:
                register = (register & ~0xFFUL) | (value & 0xFF);
                break;
            case 2:
                register = (register & ~0xFFFFUL) | (value & 0xFFFF);
                break;
            case 4:
                register = (uint)value;
                break;
            default:
                register = value;
                break;
        }
    }
}
