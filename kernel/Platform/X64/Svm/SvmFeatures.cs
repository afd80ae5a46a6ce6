using Microkernel.Core.Hardware;

namespace Microkernel.Platform.Svm;

/// <summary>Which parts of SVM a CPU has and how they are used; decided from CPUID alone, so that it can be tested anywhere.</summary>
internal readonly struct SvmFeatures
{
    private const uint SvmBit = 1u << 2; // CPUID 8000_0001 ECX
    private const uint Page1GBit = 1u << 26; // CPUID 8000_0001 EDX

    /// <summary>Reads the results of CPUID 8000_0001 and 8000_000A; the latter is all zeros if the CPU has no such leaf.</summary>
    public SvmFeatures(in CpuidResult extended, in CpuidResult svm)
    {
        HasSvm = (extended.Ecx & SvmBit) != 0;
        HasPages1G = (extended.Edx & Page1GBit) != 0;
        AsidCount = svm.Ebx;
        NestedPaging = Has(svm, 0);
        NextRip = Has(svm, 3);
        CleanBits = Has(svm, 5);
        FlushByAsid = Has(svm, 6);
        DecodeAssists = Has(svm, 7);
        PauseFilter = Has(svm, 10) && Has(svm, 12);
        VirtualSpecCtrl = Has(svm, 20);
        VirtualNmi = Has(svm, 25);
    }

    /// <summary>The CPU has SVM.</summary>
    public bool HasSvm { get; }

    /// <summary>Nested page tables; the core does not run without.</summary>
    public bool NestedPaging { get; }

    /// <summary>Entries of nested page tables may map 1 GiB.</summary>
    public bool HasPages1G { get; }

    /// <summary>Number of address space tags, the host's tag 0 included.</summary>
    public uint AsidCount { get; }

    /// <summary>Exits say where the instruction ends. Without, its length is known from the exit or decoded.</summary>
    public bool NextRip { get; }

    /// <summary>VMRUN need not load what has not changed.</summary>
    public bool CleanBits { get; }

    /// <summary>One tag can be flushed alone. Without, a flush takes everybody's translations.</summary>
    public bool FlushByAsid { get; }

    /// <summary>Nested faults carry the instruction's bytes.</summary>
    public bool DecodeAssists { get; }

    /// <summary>Spin loops exit. Without, PAUSE is not intercepted: every single one would exit.</summary>
    public bool PauseFilter { get; }

    /// <summary>The CPU switches SPEC_CTRL between guest and host.</summary>
    public bool VirtualSpecCtrl { get; }

    /// <summary>The CPU blocks NMIs while the guest serves one. Without, the end of NMI blocking is found by intercepting IRET.</summary>
    public bool VirtualNmi { get; }

    /// <summary>Why the core cannot run on this CPU, or null.</summary>
    public string? Refusal =>
        !HasSvm ? "this CPU has no AMD SVM (or the firmware hides it)"
        : !NestedPaging ? "this CPU has SVM without nested paging"
        : AsidCount < 2 ? "this CPU has no address space tags for guests"
        : null;

    /// <summary>The command that flushes a guest's translations.</summary>
    public TlbControl FlushCommand => FlushByAsid ? TlbControl.FlushGuest : TlbControl.FlushAll;

    private static bool Has(in CpuidResult svm, int bit) => (svm.Edx >> bit & 1) != 0;
}
