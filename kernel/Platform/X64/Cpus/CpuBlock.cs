using System.Runtime;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microkernel.Platform.Paging;

namespace Microkernel.Platform.Cpus;

/// <summary>What a CPU finds at GS: the part of a CPU's data that assembly and the window code need at once.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct CpuBlock
{
    /// <summary>Its own address, so that one instruction finds it.</summary>
    public CpuBlock* Self;

    /// <summary>Number of the CPU.</summary>
    public int Index;

    /// <summary>Where the next window will be.</summary>
    public byte* NextWindow; // 0x10: FrameWindows.S knows these offsets

    /// <summary>The page table entry of the next window.</summary>
    public ulong* NextEntry;

    /// <summary>The entry of the first window.</summary>
    public ulong* FirstEntry;

    /// <summary>The entry after the last window's.</summary>
    public ulong* LastEntry;

    /// <summary>The descriptors that this CPU uses.</summary>
    public GlobalDescriptors Descriptors;

    /// <summary>The stacks for exceptions that must not use the current one.</summary>
    public TaskState TaskState;

    /// <summary>The block of the CPU that executes this.</summary>
    internal static CpuBlock* Current
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (CpuBlock*)Identity();
    }

    /// <summary>Number of the CPU that executes this.</summary>
    internal static int CurrentIndex
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Current->Index;
    }

    // Sound: GS points to this CPU's block, from Boot.S on to a small one that is replaced before windows are opened.
    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "cpu_identity")]
    private static extern ulong Identity();
}
