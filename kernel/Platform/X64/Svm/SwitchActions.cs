using System;

namespace Microkernel.Platform.Svm;

/// <summary>What the world switch does against speculation at each entry and exit; SvmEntry.S knows the values.</summary>
[Flags]
internal enum SwitchActions : uint
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Entry: VERW clears the CPU's buffers.</summary>
    ClearBuffers = 1,

    /// <summary>Entry and exit: SPEC_CTRL is switched by hand.</summary>
    SpecCtrl = 2,

    /// <summary>Exit: indirect branch predictor barrier.</summary>
    BranchBarrier = 4,

    /// <summary>Exit: the return stack is filled with harmless entries.</summary>
    FillReturnStack = 8,
}
