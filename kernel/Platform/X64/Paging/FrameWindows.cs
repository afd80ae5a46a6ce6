using System;
using System.Threading;
using Microkernel.Core.Hardware;
using Microkernel.Platform.Cpus;
using Microkernel.Platform.X64;

namespace Microkernel.Platform.Paging;

/// <summary>
/// Windows onto frames. Every CPU has its own slots and their page table entries, which no other CPU touches: opening
/// writes one entry, closing clears it and flushes one translation.
/// </summary>
internal sealed unsafe class FrameWindows : PhysicalMemory
{
    /// <summary>Windows that a CPU can have open at a time.</summary>
    internal const int Depth = 16;

    private readonly ulong _frameCount;
    private readonly ulong _rights;

    /// <summary>Windows onto the frames below a number.</summary>
    internal FrameWindows(ulong frameCount, bool noExecute)
    {
        _frameCount = frameCount;
        _rights = (ulong)(noExecute ? PageFlags.Data : PageFlags.Data & ~PageFlags.NoExecute);
    }

    /// <inheritdoc/>
    public override Span<byte> Map(ulong mfn)
    {
        CpuBlock* cpu = CpuBlock.Current;
        int slot = cpu->OpenWindows;
        if (slot >= Depth || mfn >= _frameCount)
        {
            Refuse(slot);
        }

        // Sound: the slot is this CPU's own and was flushed when it was closed.
        cpu->OpenWindows = slot + 1;
        Volatile.Write(ref cpu->WindowEntries[slot], mfn << FrameShift | _rights);
        return new Span<byte>(cpu->Windows + ((long)slot << FrameShift), FrameSize);
    }

    /// <inheritdoc/>
    public override void Unmap()
    {
        CpuBlock* cpu = CpuBlock.Current;
        int slot = cpu->OpenWindows - 1;
        if (slot < 0)
        {
            Refuse(slot);
        }

        // Sound: as above.
        Volatile.Write(ref cpu->WindowEntries[slot], 0);
        Cpu.InvalidatePage(cpu->Windows + ((long)slot << FrameShift));
        cpu->OpenWindows = slot;
    }

    /// <inheritdoc/>
    public override void Zero(ulong mfn, int count)
    {
        if (count <= 0 || (ulong)count > _frameCount || mfn > _frameCount - (ulong)count)
        {
            throw new InvalidOperationException("frames are to be cleared that do not exist");
        }

        // Sound: the window opened here is this CPU's own, and all the frames that it is led over exist.
        fixed (byte* window = Map(mfn))
        {
            CpuBlock* cpu = CpuBlock.Current;
            ulong* entry = &cpu->WindowEntries[cpu->OpenWindows - 1];
            Cpu.ClearFrames(window, entry, mfn << FrameShift | _rights, count);
        }

        Unmap();
    }

    private static void Refuse(int slot) => throw new InvalidOperationException(
        slot < 0 ? "a window is closed that is not open"
            : slot >= Depth ? "too many windows onto frames"
            : "a window onto a frame that does not exist");
}
