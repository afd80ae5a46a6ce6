using System.Diagnostics.CodeAnalysis;
using System.Runtime;
using System.Runtime.CompilerServices;
using Microkernel.Core.Hardware;
using Microkernel.Platform.Cpus;

namespace Microkernel.Platform.X64;

/// <summary>Single instructions of the CPU; the bodies are in Cpu.S.</summary>
internal static class Cpu
{
    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "port_in8")]
    internal static extern byte In8(ushort port);

    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "port_out8")]
    internal static extern void Out8(ushort port, byte value);

    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "port_in32")]
    internal static extern uint In32(ushort port);

    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "port_out32")]
    internal static extern void Out32(ushort port, uint value);

    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "cpu_read_msr")]
    internal static extern ulong ReadMsr(uint register);

    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "cpu_write_msr")]
    internal static extern void WriteMsr(uint register, ulong value);

    /// <summary>Every store before it is visible to other CPUs before anything after it is done, MSR writes included.</summary>
    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "cpu_order_stores")]
    internal static extern void OrderStores();

    /// <summary>One turn of a waiting loop.</summary>
    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "cpu_pause")]
    internal static extern void Pause();

    /// <summary>The time stamp counter, read after everything before it is done.</summary>
    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "cpu_read_tsc")]
    internal static extern ulong ReadTsc();

    /// <summary>Enables interrupts, halts until one was served, disables them.</summary>
    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "cpu_wait_for_interrupt")]
    internal static extern void WaitForInterrupt();

    /// <summary>CPUID.</summary>
    internal static unsafe CpuidResult Cpuid(uint leaf, uint subleaf = 0)
    {
        CpuidResult result;
        // Sound: the assembly writes four 32-bit registers, which is what the structure is.
        ExecuteCpuid(leaf, subleaf, &result);
        return result;
    }

    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "cpu_cpuid")]
    private static extern unsafe void ExecuteCpuid(uint leaf, uint subleaf, CpuidResult* result);

    /// <summary>Reads a model-specific register; false if the CPU has none of that number.</summary>
    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "cpu_try_read_msr")]
    internal static extern unsafe bool TryReadMsr(uint register, ulong* value);

    /// <summary>Writes a model-specific register; false if the CPU refuses.</summary>
    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "cpu_try_write_msr")]
    internal static extern bool TryWriteMsr(uint register, ulong value);

    /// <summary>Control register 0.</summary>
    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "cpu_read_cr0")]
    internal static extern ulong ReadCr0();

    /// <summary>The address of the last page fault.</summary>
    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "cpu_read_cr2")]
    internal static extern ulong ReadCr2();

    /// <summary>Physical address of the top page table.</summary>
    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "cpu_read_cr3")]
    internal static extern ulong ReadCr3();

    /// <summary>Changes the address space and flushes its translations.</summary>
    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "cpu_write_cr3")]
    internal static extern void WriteCr3(ulong value);

    /// <summary>Control register 4.</summary>
    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "cpu_read_cr4")]
    internal static extern ulong ReadCr4();

    /// <summary>Sets control register 4.</summary>
    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "cpu_write_cr4")]
    internal static extern void WriteCr4(ulong value);

    /// <summary>Fills frames, one or more, with zeroes through a window whose page table entry is given.</summary>
    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "cpu_clear_frames")]
    internal static extern unsafe void ClearFrames(void* window, ulong* entry, ulong firstEntry, int count);

    /// <summary>Forgets this CPU's translation of a page.</summary>
    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "cpu_invalidate_page")]
    internal static extern unsafe void InvalidatePage(void* address);

    /// <summary>Loads descriptor tables, task register, segments and the base of GS.</summary>
    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "cpu_load_descriptors")]
    internal static extern unsafe void LoadDescriptors(
        DescriptorPointer* descriptors, DescriptorPointer* interrupts, CpuBlock* block);

    /// <summary>Goes on in the method exported as KernelContinue, on another stack.</summary>
    [DoesNotReturn]
    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "cpu_continue_on_stack")]
    internal static extern void ContinueOnStack(ulong top);

    [DoesNotReturn]
    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "cpu_halt_forever")]
    internal static extern void HaltForever();
}
