namespace Microkernel.Platform.Svm;

/// <summary>What VMRUN flushes (AMD APM vol. 2, 15.16).</summary>
internal enum TlbControl : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Everything, the host's too.</summary>
    FlushAll = 1,

    /// <summary>The translations of the guest's ASID; needs flush-by-ASID.</summary>
    FlushGuest = 3,
}
