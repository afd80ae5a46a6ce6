using Microkernel.Core.Hardware;
using Microkernel.Platform.X64;

namespace Microkernel.Platform.Svm;

/// <summary>Carries out what <see cref="SpeculationPolicy"/> chose.</summary>
internal sealed class SpeculationControls
{
    private const ulong DecodeSerializingLfence = 1UL << 1;
    private const ulong Ibrs = 1 << 0;
    private const ulong Stibp = 1 << 1;
    private const ulong Ssbd = 1 << 2;

    private readonly ProcessorFacts _facts;
    private readonly Mitigations _possible;
    private readonly bool _isVirtual;

    /// <param name="facts">The CPU.</param>
    /// <param name="chosen">The choice, nothing in it that the CPU cannot do.</param>
    /// <param name="isVirtual">The CPU switches SPEC_CTRL between guest and host.</param>
    internal SpeculationControls(in ProcessorFacts facts, Mitigations chosen, bool isVirtual)
    {
        _facts = facts;
        _possible = SpeculationPolicy.Possible(facts);
        _isVirtual = isVirtual;
        Chosen = chosen;
    }

    /// <summary>The choice.</summary>
    internal Mitigations Chosen { get; }

    /// <summary>SPEC_CTRL while the core runs.</summary>
    internal ulong HostSpecCtrl => SpeculationPolicy.SpecCtrl(Chosen);

    /// <summary>The bits of SPEC_CTRL that the CPU has; 0 if it has no such register.</summary>
    internal ulong SpecCtrlBits =>
        (Has(_possible, Mitigations.RestrictBranches) ? Ibrs : 0)
        | (Has(_possible, Mitigations.IsolateSiblings) ? Stibp : 0)
        | (Has(_possible, Mitigations.NoStoreBypass) ? Ssbd : 0);

    /// <summary>The guest's SPEC_CTRL is what a guest starts with.</summary>
    internal void ResetGuest(ref SvmEntryBlock block, ref VmcbSave save) =>
        SetSpecCtrl(ref block, ref save, SpeculationPolicy.GuestSpecCtrl(Chosen));

    /// <summary>The guest writes SPEC_CTRL; false if there is none or it lacks one of the bits.</summary>
    internal bool TryWriteSpecCtrl(ref SvmEntryBlock block, ref VmcbSave save, ulong value)
    {
        ulong bits = SpecCtrlBits;
        if (bits == 0 || (value & ~bits) != 0)
            return false;

        SetSpecCtrl(ref block, ref save, value);
        return true;
    }

    /// <summary>The guest writes PRED_CMD, whose bit 0 asks for a branch predictor barrier; false if the CPU would refuse.</summary>
    internal bool TryWritePredictionCommand(ulong value)
    {
        if (!Has(_possible, Mitigations.BranchBarrierOnSwitch) || value > 1)
            return false;

        if (value == 1)
            BranchBarrier();

        return true;
    }

    private void SetSpecCtrl(ref SvmEntryBlock block, ref VmcbSave save, ulong value)
    {
        block.GuestSpecCtrl = value;
        block.HostSpecCtrl = HostSpecCtrl;
        block.Actions = ActionsFor(value);
        save.SpecCtrl = value;
    }

    // What the world switch of a guest with that SPEC_CTRL does.
    private SwitchActions ActionsFor(ulong guestSpecCtrl) =>
        (Has(Chosen, Mitigations.ClearBuffers) ? SwitchActions.ClearBuffers : 0)
        | (Has(Chosen, Mitigations.BranchBarrierOnExit) ? SwitchActions.BranchBarrier : 0)
        | (Has(Chosen, Mitigations.FillReturnStack) ? SwitchActions.FillReturnStack : 0)
        | (!_isVirtual && guestSpecCtrl != HostSpecCtrl ? SwitchActions.SpecCtrl : 0);

    /// <summary>Sets up the executing CPU.</summary>
    internal void Enable()
    {
        // LFENCE stops speculation on AMD only with this bit; families 0Fh and 11h have neither the bit nor the need.
        if (_facts.Vendor == ProcessorVendor.Amd && _facts.Family is 0x10 or >= 0x12)
            Cpu.WriteMsr(Msr.DecodeConfiguration, Cpu.ReadMsr(Msr.DecodeConfiguration) | DecodeSerializingLfence);

        if (SpecCtrlBits != 0)
            Cpu.WriteMsr(Msr.SpecCtrl, HostSpecCtrl);
    }

    /// <summary>Before a vCPU of another domain than the last one runs on the executing CPU.</summary>
    internal void SwitchDomain()
    {
        if (Has(Chosen, Mitigations.BranchBarrierOnSwitch))
            BranchBarrier();

        if (Has(Chosen, Mitigations.FlushDataCache))
            Cpu.WriteMsr(Msr.FlushCommand, 1);
    }

    private static void BranchBarrier() => Cpu.WriteMsr(Msr.PredictionCommand, 1);

    private static bool Has(Mitigations set, Mitigations item) => (set & item) != 0;
}
