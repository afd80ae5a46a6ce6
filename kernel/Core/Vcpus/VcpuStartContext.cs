using System;
using Microkernel.Core.Hardware;
using Microkernel.Core.Hypercalls;

namespace Microkernel.Core.Vcpus;

/// <summary>struct vcpu_hvm_context (xen/hvm/hvm_vcpu.h): the state VCPUOP_initialise starts a vCPU with; the same for 32-bit callers.</summary>
public static class VcpuStartContext
{
    /// <summary>Bytes of the structure.</summary>
    public const int Size = 128;

    private const uint Mode32 = 0;
    private const uint Mode64 = 1;
    private const uint FlagsAllowed = 0x003F_7FD5;
    private const uint FlagsAlwaysSet = 2;
    private const ulong Paging = 1UL << 31;
    private const ulong PhysicalAddressExtension = 1UL << 5;
    private const ulong SystemCall = 1UL << 0;
    private const ulong LongModeEnable = 1UL << 8;
    private const ulong LongModeActive = 1UL << 10;
    private const ulong NoExecute = 1UL << 11;

    // CR4 without VMXE, SMXE, PKE, CET, PKS and what is not defined (AMD APM vol. 2, 3.1.7).
    private const ulong Cr4Allowed = 0x0037_0FFF & ~(1UL << 17);

    /// <summary>Decodes and checks; false: EINVAL.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out VcpuContext context)
    {
        ArgumentReader reader = new(bytes, is32: false);
        context = default;
        uint mode = reader.UInt32();
        if (reader.UInt32() != 0)
            return false;

        bool valid = mode switch
        {
            Mode32 => TryDecode32(ref reader, ref context),
            Mode64 => TryDecode64(ref reader, ref context),
            _ => false,
        };
        context.Efer |= (context.Efer & LongModeEnable) != 0 ? LongModeActive : 0;
        context.Registers.Rflags = (context.Registers.Rflags & FlagsAllowed) | FlagsAlwaysSet;
        return valid && (context.Cr4 & ~Cr4Allowed) == 0
            && (context.Efer & ~(SystemCall | LongModeEnable | LongModeActive | NoExecute)) == 0;
    }

    private static bool TryDecode32(ref ArgumentReader reader, ref VcpuContext context)
    {
        ref GuestRegisters registers = ref context.Registers;
        registers.Rax = reader.UInt32();
        registers.Rcx = reader.UInt32();
        registers.Rdx = reader.UInt32();
        registers.Rbx = reader.UInt32();
        registers.Rsp = reader.UInt32();
        registers.Rbp = reader.UInt32();
        registers.Rsi = reader.UInt32();
        registers.Rdi = reader.UInt32();
        registers.Rip = reader.UInt32();
        registers.Rflags = reader.UInt32();
        context.Cr0 = reader.UInt32();
        context.Cr3 = reader.UInt32();
        context.Cr4 = reader.UInt32();
        uint padding = reader.UInt32();
        context.Efer = reader.UInt64();
        DecodeSegments(ref reader, ref context);
        for (int i = 0; i < 3; i++)
            padding |= reader.UInt16();

        bool isActiveOnly = (context.Efer & (LongModeActive | LongModeEnable)) == LongModeActive;
        return padding == 0 && !isActiveOnly && AreSegmentsValid(in context);
    }

    private static void DecodeSegments(ref ArgumentReader reader, ref VcpuContext context)
    {
        context.Cs.Base = reader.UInt32();
        context.Ds.Base = reader.UInt32();
        context.Ss.Base = reader.UInt32();
        context.Es.Base = reader.UInt32();
        context.Tr.Base = reader.UInt32();
        context.Cs.Limit = reader.UInt32();
        context.Ds.Limit = reader.UInt32();
        context.Ss.Limit = reader.UInt32();
        context.Es.Limit = reader.UInt32();
        context.Tr.Limit = reader.UInt32();
        context.Cs.Attributes = Accessed(reader.UInt16());
        context.Ds.Attributes = Accessed(reader.UInt16());
        context.Ss.Attributes = Accessed(reader.UInt16());
        context.Es.Attributes = Accessed(reader.UInt16());
        context.Tr.Attributes = (ushort)(reader.UInt16() | SegmentRules.Writable);
    }

    private static ushort Accessed(ushort attributes) =>
        (attributes & SegmentRules.Present) != 0 ? (ushort)(attributes | SegmentRules.Accessed) : attributes;

    private static bool AreSegmentsValid(in VcpuContext context)
    {
        int level = SegmentRules.Level(context.Cs.Attributes);
        return SegmentRules.IsCode(context.Cs.Attributes)
            && SegmentRules.IsStack(context.Ss.Attributes)
            && SegmentRules.IsDataOrNull(context.Ds.Attributes, level)
            && SegmentRules.IsDataOrNull(context.Es.Attributes, level)
            && SegmentRules.IsBusyTss(context.Tr.Attributes)
            && SegmentRules.Level(context.Ss.Attributes) == level
            && (uint)context.Registers.Rip <= SegmentRules.ScaledLimit(in context.Cs);
    }

    // Directly into long mode: the segments are those of 64-bit code.
    private static bool TryDecode64(ref ArgumentReader reader, ref VcpuContext context)
    {
        ref GuestRegisters registers = ref context.Registers;
        registers.Rax = reader.UInt64();
        registers.Rcx = reader.UInt64();
        registers.Rdx = reader.UInt64();
        registers.Rbx = reader.UInt64();
        registers.Rsp = reader.UInt64();
        registers.Rbp = reader.UInt64();
        registers.Rsi = reader.UInt64();
        registers.Rdi = reader.UInt64();
        registers.Rip = reader.UInt64();
        registers.Rflags = reader.UInt64();
        context.Cr0 = reader.UInt64();
        context.Cr3 = reader.UInt64();
        context.Cr4 = reader.UInt64();
        context.Efer = reader.UInt64();
        context.Cs = new Segment { Attributes = SegmentRules.Code64, Limit = uint.MaxValue };
        context.Ds = new Segment { Attributes = SegmentRules.Data, Limit = uint.MaxValue };
        context.Es = context.Ds;
        context.Ss = context.Ds;
        context.Tr = new Segment { Attributes = SegmentRules.BusyTss, Limit = SegmentRules.TssLimit };
        return IsCanonical(registers.Rip)
            && (context.Cr0 & Paging) != 0
            && (context.Cr4 & PhysicalAddressExtension) != 0
            && (context.Efer & LongModeEnable) != 0;
    }

    private static bool IsCanonical(ulong address) => (ulong)((long)(address << 16) >> 16) == address;
}
