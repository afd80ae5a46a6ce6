using System;

namespace Microkernel.Core.Hardware;

/// <summary>Measures against speculative execution. Each has a name in <c>mitigations=</c>; docs/mitigations.md explains them.</summary>
[Flags]
public enum Mitigations
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary><c>ibpb</c>: branch predictor barrier when a CPU goes on with another domain.</summary>
    BranchBarrierOnSwitch = 1 << 0,

    /// <summary><c>ibpb-exit</c>: branch predictor barrier at every exit from a guest.</summary>
    BranchBarrierOnExit = 1 << 1,

    /// <summary><c>rsb</c>: the return stack is filled with harmless entries at every exit.</summary>
    FillReturnStack = 1 << 2,

    /// <summary><c>verw</c>: VERW clears the CPU's internal buffers at every entry.</summary>
    ClearBuffers = 1 << 3,

    /// <summary><c>l1d</c>: the level 1 data cache is flushed when a CPU goes on with another domain.</summary>
    FlushDataCache = 1 << 4,

    /// <summary><c>ibrs</c>: indirect branches of the core do not follow what guests trained (SPEC_CTRL.IBRS).</summary>
    RestrictBranches = 1 << 5,

    /// <summary><c>auto-ibrs</c>: the same, done by the CPU at each change of privilege (EFER.AIBRSE).</summary>
    AutomaticRestriction = 1 << 6,

    /// <summary><c>stibp</c>: sibling threads do not share predictions of indirect branches (SPEC_CTRL.STIBP).</summary>
    IsolateSiblings = 1 << 7,

    /// <summary><c>ssbd</c>: loads do not pass older stores of unknown address (SPEC_CTRL.SSBD).</summary>
    NoStoreBypass = 1 << 8,

    /// <summary><c>nosmt</c>: one thread of each processor core is used.</summary>
    NoSiblings = 1 << 9,
}
