using System;
using Internal.Runtime;
using Microkernel.Core;
using Microkernel.Core.Boot;
using Microkernel.Core.Memory;
using Microkernel.Platform.Boot;
using Microkernel.Platform.X64;

namespace Microkernel.Platform;

/// <summary>The last steps of the start: from a machine whose CPUs are up to domains that run.</summary>
internal static class CoreStartup
{
    private const int FramesPerMiB = 256;
    private const int KiBPerFrame = 4;

    /// <summary>Makes the core, gives it the machine's memory and runs it on every CPU. Never returns.</summary>
    public static void Run(MachineStartup startup, BootMemory memory, Multiboot loader)
    {
        X64Machine machine = startup.Machine;
        BootInformation boot = new()
        {
            Memory = new HostMemory(machine, (int)memory.FrameCount),
            Modules = loader.Modules,
            CommandLine = loader.CommandLine,
            AuditsEnds = startup.Options.AuditsEnds,
        };
        Kernel kernel = Startup.Prepare(machine, boot);
        machine.Kernel = kernel;
        Action<int> dispatch = kernel.Dispatcher.Run;
        Heap.Seal();
        ulong free = GiveFreeFrames(boot.Memory.Allocator, memory);
        ReportMemory(startup, loader, boot.Memory, free);
        Startup.TakeLentMemory(kernel);
        kernel.LifeCycle.StartAll();
        machine.Processors.Release(dispatch);
        dispatch(0);
    }

    private static ulong GiveFreeFrames(FrameAllocator allocator, BootMemory memory)
    {
        for (int i = 0; i < memory.RangeCount; i++)
        {
            PhysicalRange range = memory.Remaining(i);
            if (range.Count != 0)
                allocator.AddFree(range.First, range.Count);
        }

        return allocator.FreeFrames;
    }

    private static void ReportMemory(MachineStartup startup, Multiboot loader, HostMemory memory, ulong free)
    {
        ulong usable = 0;
        foreach (PhysicalRange range in loader.UsableRanges)
            usable += range.Count;

        memory.TotalFrames = usable;
        ulong modules = 0;
        foreach (BootModule module in loader.Modules)
            modules += PhysicalRange.FramesAround(module.Address, module.Address + module.Length).Count;

        ulong taken = usable - free - modules;
        startup.Log.Write($"memory: core takes {taken * KiBPerFrame} KiB of {usable * KiBPerFrame} KiB, {free / FramesPerMiB} MiB free for domains");
    }
}
