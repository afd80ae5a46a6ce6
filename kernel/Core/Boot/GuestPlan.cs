using System;

namespace Microkernel.Core.Boot;

/// <summary>What a kernel image asks for: parts to copy, memory it will use, and how it is entered.</summary>
public sealed class GuestPlan
{
    /// <summary>Most parts of an image; kernels have two to five.</summary>
    public const int MostJobs = 16;

    private readonly CopyJob[] _jobs = new CopyJob[MostJobs];

    /// <summary>Parts still to copy.</summary>
    public int JobCount { get; private set; }

    /// <summary>Entry point, guest-physical.</summary>
    public ulong Entry { get; set; }

    /// <summary>The image is a Linux bzImage, entered by the Linux boot protocol; otherwise ELF, entered as PVH.</summary>
    public bool IsLinuxImage { get; set; }

    /// <summary>First address above everything the kernel's image needs.</summary>
    public ulong KernelEnd { get; set; }

    /// <summary>Where the initial RAM disk goes.</summary>
    public ulong RamdiskStart { get; set; }

    /// <summary>Bytes of the initial RAM disk.</summary>
    public ulong RamdiskLength { get; set; }

    /// <summary>Start of the region with start information, command line and memory map.</summary>
    public ulong InfoStart { get; set; }

    /// <summary>The job that is worked on.</summary>
    public ref CopyJob CurrentJob => ref _jobs[JobCount - 1];

    /// <summary>Nothing planned.</summary>
    public void Clear()
    {
        JobCount = 0;
        Entry = KernelEnd = RamdiskStart = RamdiskLength = InfoStart = 0;
        IsLinuxImage = false;
    }

    /// <summary>Plans a copy; false if there are too many.</summary>
    public bool TryAdd(int module, ulong offset, ulong length, ulong target)
    {
        if (JobCount == MostJobs)
            return false;

        _jobs[JobCount++] = new CopyJob { Module = module, Offset = offset, Length = length, Target = target };
        return true;
    }

    /// <summary>The current job is done.</summary>
    public void FinishJob() => JobCount--;
}
