using System;

namespace Microkernel.Core.Hardware;

/// <summary>
/// Chooses the measures against speculative execution from what the CPU reports and the <c>mitigations=</c> option.
/// Nothing is executed here; Platform carries the choice out. The reasons are in docs/mitigations.md.
/// </summary>
public static class SpeculationPolicy
{
    private const ulong IbrsBit = 1 << 0;
    private const ulong StibpBit = 1 << 1;
    private const ulong SsbdBit = 1 << 2;

    /// <summary>
    /// Reads the option: <c>auto</c>, <c>off</c>, or a list of names separated by commas.
    /// </summary>
    /// <param name="facts">The CPU.</param>
    /// <param name="option">The option's value; empty means auto.</param>
    /// <param name="chosen">What to do; a named measure that the CPU cannot do is left out.</param>
    /// <returns>False if a name is unknown; <paramref name="chosen"/> is then as for auto.</returns>
    public static bool TryChoose(in ProcessorFacts facts, ReadOnlySpan<byte> option, out Mitigations chosen)
    {
        chosen = Automatic(facts);
        if (option.IsEmpty || option.SequenceEqual("auto"u8))
            return true;

        if (option.SequenceEqual("off"u8))
        {
            chosen = Mitigations.None;
            return true;
        }

        if (!TryParseList(option, out Mitigations listed))
            return false;

        chosen = listed & Possible(facts);
        return true;
    }

    /// <summary>What the CPU needs and can do.</summary>
    public static Mitigations Automatic(in ProcessorFacts facts)
    {
        Mitigations possible = Possible(facts);
        Mitigations needed = Mitigations.NoSiblings;
        needed |= NeedsBarrierOnExit(facts) ? Mitigations.BranchBarrierOnExit : Mitigations.BranchBarrierOnSwitch;
        needed |= (possible & Mitigations.AutomaticRestriction) != 0
            ? Mitigations.AutomaticRestriction
            : Mitigations.RestrictBranches;

        // A CPU that knows no branch barrier (an emulator, or one from before 2018 without its microcode update) leaves
        // the core's indirect branches open: filling the return stack alone would not close anything.
        if ((possible & Mitigations.BranchBarrierOnSwitch) != 0)
            needed |= Mitigations.FillReturnStack;

        if (NeedsBufferClearing(facts))
            needed |= Mitigations.ClearBuffers;

        // Level 1 terminal fault: without RDCL_NO a guest's page tables can reach what lies in the cache.
        if (facts.Vendor == ProcessorVendor.Intel && !Bit(facts.ArchCapabilities, 0))
            needed |= Mitigations.FlushDataCache;

        return needed & possible;
    }

    /// <summary>What the CPU can do.</summary>
    public static Mitigations Possible(in ProcessorFacts facts)
    {
        bool isAmd = facts.Vendor == ProcessorVendor.Amd;
        Mitigations possible = Mitigations.FillReturnStack | Mitigations.NoSiblings;
        Add(ref possible, Mitigations.BranchBarrierOnSwitch, isAmd ? Bit(facts.Extended8Ebx, 12) : Bit(facts.Features7Edx, 26));
        Add(ref possible, Mitigations.BranchBarrierOnExit, isAmd ? Bit(facts.Extended8Ebx, 12) : Bit(facts.Features7Edx, 26));
        Add(ref possible, Mitigations.RestrictBranches, isAmd ? Bit(facts.Extended8Ebx, 14) : Bit(facts.Features7Edx, 26));
        Add(ref possible, Mitigations.IsolateSiblings, isAmd ? Bit(facts.Extended8Ebx, 15) : Bit(facts.Features7Edx, 27));
        Add(ref possible, Mitigations.NoStoreBypass, isAmd ? Bit(facts.Extended8Ebx, 24) : Bit(facts.Features7Edx, 31));
        Add(ref possible, Mitigations.ClearBuffers, isAmd ? Bit(facts.Extended21Eax, 5) : Bit(facts.Features7Edx, 10));
        Add(ref possible, Mitigations.FlushDataCache, !isAmd && Bit(facts.Features7Edx, 28));
        Add(ref possible, Mitigations.AutomaticRestriction, isAmd && Bit(facts.Extended21Eax, 8));
        return possible;
    }

    /// <summary>The value of SPEC_CTRL while the core runs.</summary>
    public static ulong SpecCtrl(Mitigations chosen) =>
        ((chosen & Mitigations.RestrictBranches) != 0 ? IbrsBit : 0)
        | ((chosen & Mitigations.IsolateSiblings) != 0 ? StibpBit : 0)
        | ((chosen & Mitigations.NoStoreBypass) != 0 ? SsbdBit : 0);

    /// <summary>The value of SPEC_CTRL that a guest starts with: what the operator asked for beyond the core's own safety.</summary>
    public static ulong GuestSpecCtrl(Mitigations chosen) => SpecCtrl(chosen) & ~IbrsBit;

    // Branch type confusion ("Retbleed") on Zen 1 and 2; return stack overflow ("Inception", SRSO) on Zen 3 and 4, where
    // the barrier helps only with the microcode that reports IBPB_BRTYPE. C# has no other defence: its returns and virtual
    // calls are what the compiler makes them.
    private static bool NeedsBarrierOnExit(in ProcessorFacts facts)
    {
        if (facts.Vendor != ProcessorVendor.Amd || !Bit(facts.Extended8Ebx, 12))
            return false;

        return facts.Family switch
        {
            0x17 or 0x18 => !Bit(facts.Extended8Ebx, 29),
            0x19 => !Bit(facts.Extended21Eax, 29) && Bit(facts.Extended21Eax, 28),
            _ => false,
        };
    }

    // AMD: transient scheduler attacks. Intel: microarchitectural data sampling, TSX asynchronous abort, processor MMIO
    // stale data, register file data sampling.
    private static bool NeedsBufferClearing(in ProcessorFacts facts)
    {
        if (facts.Vendor == ProcessorVendor.Amd)
            return !(Bit(facts.Extended21Ecx, 1) && Bit(facts.Extended21Ecx, 2));

        ulong capabilities = facts.ArchCapabilities;
        bool hasTransactions = Bit(facts.Features7Ebx, 11);
        return !Bit(capabilities, 5)
            || (hasTransactions && !Bit(capabilities, 8))
            || !(Bit(capabilities, 13) && Bit(capabilities, 14) && Bit(capabilities, 15))
            || Bit(capabilities, 28);
    }

    private static bool TryParseList(ReadOnlySpan<byte> list, out Mitigations result)
    {
        result = Mitigations.None;
        while (true)
        {
            int comma = list.IndexOf((byte)',');
            Mitigations named = Named(comma < 0 ? list : list.Slice(0, comma));
            result |= named;
            if (comma < 0 || named == Mitigations.None)
                return named != Mitigations.None;

            list = list.Slice(comma + 1);
        }
    }

    private static Mitigations Named(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("ibpb"u8) ? Mitigations.BranchBarrierOnSwitch
        : name.SequenceEqual("ibpb-exit"u8) ? Mitigations.BranchBarrierOnExit
        : name.SequenceEqual("rsb"u8) ? Mitigations.FillReturnStack
        : name.SequenceEqual("verw"u8) ? Mitigations.ClearBuffers
        : name.SequenceEqual("l1d"u8) ? Mitigations.FlushDataCache
        : name.SequenceEqual("ibrs"u8) ? Mitigations.RestrictBranches
        : name.SequenceEqual("auto-ibrs"u8) ? Mitigations.AutomaticRestriction
        : name.SequenceEqual("stibp"u8) ? Mitigations.IsolateSiblings
        : name.SequenceEqual("ssbd"u8) ? Mitigations.NoStoreBypass
        : name.SequenceEqual("nosmt"u8) ? Mitigations.NoSiblings
        : Mitigations.None;

    private static void Add(ref Mitigations set, Mitigations item, bool condition) => set |= condition ? item : Mitigations.None;

    private static bool Bit(ulong value, int bit) => (value >> bit & 1) != 0;
}
