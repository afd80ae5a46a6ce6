using System;
using System.Runtime;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
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
    private readonly ulong _end;
    private readonly ulong _rights;

    /// <summary>Windows onto the frames below a number.</summary>
    internal FrameWindows(ulong frameCount, bool noExecute)
    {
        _frameCount = frameCount;
        _end = frameCount << FrameShift;
        _rights = (ulong)(noExecute ? PageFlags.Data : PageFlags.Data & ~PageFlags.NoExecute);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public override Span<byte> Map(ulong mfn)
    {
        if (mfn >= _frameCount)
            RefuseFrame();

        // Sound: the slot is this CPU's own and was flushed when it was closed.
        return new Span<byte>(Open(mfn << FrameShift | _rights), FrameSize);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public override Span<byte> Map(ulong address, int length) =>
        // Sound: as above; the bytes are checked to lie within a frame that exists.
        new(OpenAt(address, (uint)length, _rights, _end), length);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public override void Unmap() => Close();

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public override void Copy(ulong address, Span<byte> bytes, bool write)
    {
        // Sound: the span bounds one side; the other is checked to lie within a frame that exists, seen through this CPU's next slot.
        Copy(address, (uint)bytes.Length, _rights, _end, ref MemoryMarshal.GetReference(bytes), write);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public override ulong CompareExchange(ulong address, ulong value, ulong expected) =>
        // Sound: as above.
        CompareExchange(address, sizeof(ulong), _rights, _end, value, expected);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public override bool AreUnchanged(ReadOnlySpan<EntryObservation> places) =>
        // Sound: the span bounds the places, which are looked at through this CPU's next slot, one after the other, within frames that exist.
        AreUnchanged(ref MemoryMarshal.GetReference(places), places.Length, _rights, _end);

    /// <inheritdoc/>
    public override void Zero(ulong mfn, int count)
    {
        if (count <= 0 || (ulong)count > _frameCount || mfn > _frameCount - (ulong)count)
            throw new InvalidOperationException("frames are to be cleared that do not exist");

        // Sound: the window opened here is this CPU's own, and all the frames that it is led over exist.
        fixed (byte* window = Map(mfn))
        {
            Cpu.ClearFrames(window, CpuBlock.Current->NextEntry - 1, mfn << FrameShift | _rights, count);
        }

        Unmap();
    }

    /// <summary>Where the assembly goes instead of looking at a frame.</summary>
    [RuntimeExport("frame_refused")]
    private static void RefuseFrame() => throw new InvalidOperationException("a window onto a frame that does not exist, or beyond its end");

    /// <summary>Where the assembly goes instead of opening or closing.</summary>
    [RuntimeExport("window_refused")]
    private static void RefuseWindow() =>
        throw new InvalidOperationException("too many windows onto frames, or one is closed that is not open");

    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "window_compare")]
    private static extern bool AreUnchanged(ref EntryObservation first, int count, ulong rights, ulong limit);

    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "window_copy")]
    private static extern void Copy(ulong address, ulong count, ulong rights, ulong end, ref byte bytes, bool write);

    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "window_exchange")]
    private static extern ulong CompareExchange(ulong address, ulong size, ulong rights, ulong end, ulong value, ulong expected);

    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "window_open")]
    private static extern byte* Open(ulong entry);

    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "window_open_at")]
    private static extern byte* OpenAt(ulong address, ulong length, ulong rights, ulong end);

    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "window_close")]
    private static extern void Close();
}
