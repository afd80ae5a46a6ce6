using Microkernel.Core.Hardware;

namespace Microkernel.Core.Memory;

/// <summary>What all domains share of the host's memory.</summary>
public sealed class HostMemory
{
    /// <summary>Creates the tables for frames 0 to <paramref name="frameCount"/> - 1; start-up only.</summary>
    public HostMemory(Machine machine, int frameCount)
    {
        Machine = machine;
        Memory = machine.Memory;
        Format = machine.NestedFormat;
        Frames = new FrameTable(frameCount);
        Allocator = new FrameAllocator(Frames, Memory);
        Cpus = new AsidAllocator[machine.CpuCount];
        for (int cpu = 0; cpu < Cpus.Length; cpu++)
            Cpus[cpu] = new AsidAllocator(cpu, machine.AsidCount);
    }

    /// <summary>Address spaces made so far; start-up only.</summary>
    internal ulong AddressSpaces { get; set; }

    /// <summary>Frames of memory that the machine has.</summary>
    public ulong TotalFrames { get; set; }

    /// <summary>The machine.</summary>
    public Machine Machine { get; }

    /// <summary>Windows onto frames.</summary>
    public PhysicalMemory Memory { get; }

    /// <summary>Format of nested page tables.</summary>
    public PageTableFormat Format { get; }

    /// <summary>The record of every frame.</summary>
    public FrameTable Frames { get; }

    /// <summary>The free frames.</summary>
    public FrameAllocator Allocator { get; }

    /// <summary>Address space tags and guest mode of each physical CPU, by number.</summary>
    public AsidAllocator[] Cpus { get; }
}
