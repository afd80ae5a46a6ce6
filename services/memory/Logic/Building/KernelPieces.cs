using System;
using System.Collections.Generic;
using Microkernel.Core.Boot;
using Microkernel.Services.Memory.Core;

namespace Microkernel.Services.Memory.Building;

/// <summary>Where the pieces of a kernel image go.</summary>
internal sealed class KernelPieces
{
    private readonly List<CopyJob> _jobs = [];

    private KernelPieces(GuestPlan plan)
    {
        Entry = plan.Entry;
        KernelEnd = plan.KernelEnd;
        IsLinuxImage = plan.IsLinuxImage;
        for (; plan.JobCount != 0; plan.FinishJob())
            _jobs.Add(plan.CurrentJob);
    }

    /// <summary>Where the kernel is entered; 0 if that has not been read yet.</summary>
    internal ulong Entry { get; set; }

    /// <summary>The first address above everything that the kernel needs.</summary>
    internal ulong KernelEnd { get; }

    /// <summary>Entered by the Linux boot protocol; otherwise as PVH.</summary>
    internal bool IsLinuxImage { get; }

    /// <summary>Plans an image for a domain with so much memory below the gap.</summary>
    /// <param name="image">The image, or its front.</param>
    /// <param name="memory">Bytes.</param>
    /// <param name="needsEntry">An ELF image without a readable entry note is a mistake.</param>
    /// <exception cref="BuildException">It is no kernel, or does not fit.</exception>
    internal static KernelPieces Plan(ImageSource image, ulong memory, bool needsEntry)
    {
        ModuleReader reader = new(image);
        GuestPlan plan = new();
        bool isElf = ElfImage.IsElf(in reader);
        if (!isElf && !LinuxImage.IsLinuxImage(in reader))
            throw new BuildException("its kernel is neither an ELF file nor a Linux bzImage");
        string? problem = isElf ? ElfImage.Plan(in reader, 0, memory, plan) : LinuxImage.Plan(in reader, 0, memory, plan);
        bool lacksOnlyEntry = isElf && plan.Entry == 0 && plan.JobCount != 0 && problem == ElfImage.NoEntry;
        if (problem is not null && (needsEntry || !lacksOnlyEntry))
            throw new BuildException(problem);
        return new KernelPieces(plan);
    }

    /// <summary>Puts a part of the image in place.</summary>
    internal void Place(IHypervisor hypervisor, uint domain, ulong offset, ReadOnlySpan<byte> part)
    {
        foreach (CopyJob job in _jobs)
        {
            ulong start = Math.Max(job.Offset, offset);
            ulong end = Math.Min(job.Offset + job.Length, offset + (ulong)part.Length);
            if (start < end)
                hypervisor.CopyTo(domain, job.Target + (start - job.Offset), part.Slice((int)(start - offset), (int)(end - start)));
        }
    }

    /// <summary>Puts the image in place from a file of the boot loader.</summary>
    internal void PlaceFile(IHypervisor hypervisor, uint domain, int file)
    {
        foreach (CopyJob job in _jobs)
            hypervisor.CopyFile(domain, file, job.Offset, job.Length, job.Target);
    }
}
