using System;
using System.Runtime;
using Internal.Runtime;
using Internal.Runtime.CompilerHelpers;
using Microkernel.Core.Boot;
using Microkernel.Platform.Boot;
using Microkernel.Platform.Cpus;
using Microkernel.Platform.Diagnostics;
using Microkernel.Platform.Paging;
using Microkernel.Platform.Traps;
using Microkernel.Platform.X64;

namespace Microkernel.Platform;

/// <summary>The start of the core, after the assembly has switched to 64 bits.</summary>
internal static unsafe class KernelMain
{
    private const ulong LowMemoryEnd = 0x10_0000;
    private const ulong LowestBiosFrame = 0x90;

    private static Multiboot? _loader;
    private static BootMemory? _memory;
    private static ulong _startTsc;

    /// <summary>On the boot stack, with the first 4 GiB mapped one to one.</summary>
    [RuntimeExport("KernelMain")]
    private static void Start(uint magic, uint informationAddress)
    {
        _startTsc = Cpu.ReadTsc();
        Serial.Initialize();
        ref readonly ImageLayout image = ref ImageLayout.Current;
        // Sound: the early heap is zeroed memory that nothing else uses.
        Heap.Initialize(image.EarlyHeap, (nuint)(image.EarlyHeapEnd - image.EarlyHeap), null);
        StartupCodeHelpers.InitializeModules(image.ModulesStart, image.ModulesEnd);

        _loader = new Multiboot(magic, informationAddress);
        _memory = new BootMemory(_loader.UsableRanges, ReservedRanges(in image, _loader.Modules));
        CpuControl.Enable();
        HostSpace.Create(_memory, CpuControl.HasNoExecute);
        // Sound: the heap's part of the address space is empty until it grows.
        Heap.Initialize(HostSpace.Heap, 0, &HostSpace.GrowHeap);
        InterruptTable.Create();
        TrapDispatcher.Initialize();
        CpuArea.Create(0);
        CpuArea.Load(0);
        Cpu.ContinueOnStack(CpuArea.StackTop(0));
    }

    /// <summary>On the boot CPU's own stack, in the final address space.</summary>
    [RuntimeExport("KernelContinue")]
    private static void Continue()
    {
        var windows = new FrameWindows(_memory!.FrameCount, CpuControl.HasNoExecute);
        MachineStartup startup = new(windows, _loader!.CommandLine, _startTsc);
        startup.Run(_loader.TableRanges, TrampolineFrame(_loader.UsableRanges));
        SelfTest.Run(startup.Options.SelfTest, windows);
        CoreStartup.Run(startup, _memory, _loader);
    }

    /// <summary>The highest usable frame below the BIOS' own data, which lies at the end of the first 640 KiB.</summary>
    private static ulong TrampolineFrame(ReadOnlySpan<PhysicalRange> usable)
    {
        ulong best = 0;
        foreach (PhysicalRange range in usable)
        {
            ulong last = Math.Min(range.End, LowestBiosFrame) - 1;
            best = last >= range.First && range.Count > 0 && last > best ? last : best;
        }

        if (best == 0)
            Environment.FailFast("no usable memory below 640 KiB: the other CPUs cannot be started");

        return best;
    }

    /// <summary>What must not be taken: the first MiB (firmware, and the other CPUs start there), image and modules.</summary>
    private static PhysicalRange[] ReservedRanges(in ImageLayout image, BootModule[] modules)
    {
        var ranges = new PhysicalRange[modules.Length + 2];
        ranges[0] = PhysicalRange.FramesAround(0, LowMemoryEnd);
        ranges[1] = PhysicalRange.FramesAround(image.PhysicalStart, image.PhysicalEnd);
        for (int i = 0; i < modules.Length; i++)
        {
            BootModule module = modules[i];
            ranges[i + 2] = PhysicalRange.FramesAround(module.Address, module.Address + module.Length);
        }

        return ranges;
    }
}
