using System;
using System.Runtime;
using Internal.Runtime;
using Internal.Runtime.CompilerHelpers;
using Microkernel.Platform.X64;

namespace Microkernel.Platform;

/// <summary>The start of the core, after the assembly has switched to 64 bits.</summary>
internal static unsafe class KernelMain
{
    [RuntimeExport("KernelMain")]
    private static void Run(uint magic, uint informationAddress)
    {
        Serial.Initialize();
        Serial.Write("(core) Microkernel\n"u8);
        ref readonly ImageLayout image = ref ImageLayout.Current;
        // Sound: the early heap is zeroed memory that nothing else uses.
        Heap.Initialize(image.EarlyHeap, (nuint)(image.EarlyHeapEnd - image.EarlyHeap), null);
        StartupCodeHelpers.InitializeModules(image.ModulesStart, image.ModulesEnd);
        Cpu.HaltForever();
    }

    [RuntimeExport("CorePanic")]
    private static void Panic(string? message, Exception? exception)
    {
        Serial.Write("(core) panic: "u8);
        foreach (char c in message.AsSpan())
            Serial.Write((byte)c);
        Serial.Write("\n"u8);
        Cpu.HaltForever();
    }
}
