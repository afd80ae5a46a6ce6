using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Microkernel.Core.Hardware;

/// <summary>
/// Access to physical frames. No frame outside the core's own memory is mapped permanently: a window onto it exists
/// only while it is touched. Windows form a stack per CPU (last mapped, first unmapped) of at least 16 slots.
/// Use <see cref="FrameView"/> where a window stays open for more than a word.
/// </summary>
public abstract class PhysicalMemory
{
    /// <summary>Bytes in a frame.</summary>
    public const int FrameSize = 4096;

    /// <summary>log2 of <see cref="FrameSize"/>.</summary>
    public const int FrameShift = 12;

    /// <summary>Opens a window onto the frame <paramref name="mfn"/> and returns its 4096 bytes.</summary>
    public abstract Span<byte> Map(ulong mfn);

    /// <summary>Opens a window onto a frame and returns the bytes at a physical address, which lie within it.</summary>
    public abstract Span<byte> Map(ulong address, int length);

    /// <summary>Opens a window onto the frame with a <typeparamref name="T"/> at a physical address.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref T Open<T>(ulong address)
        where T : unmanaged => ref MemoryMarshal.AsRef<T>(Map(address, Unsafe.SizeOf<T>()));

    /// <summary>Closes the window opened last on this CPU.</summary>
    public abstract void Unmap();

    /// <summary>Copies within one frame, from or to a physical address, for less than a window costs.</summary>
    public abstract void Copy(ulong address, Span<byte> bytes, bool write);

    /// <summary>
    /// Puts a value at a physical address, a multiple of 8, if the expected one is there, in one step and for less than a
    /// window costs. Returns what was there.
    /// </summary>
    public abstract ulong CompareExchange(ulong address, ulong value, ulong expected);

    /// <summary>The places still hold what was seen there, for less than a window at each costs.</summary>
    public abstract bool AreUnchanged(ReadOnlySpan<EntryObservation> places);

    /// <summary>Overwrites <paramref name="count"/> frames from <paramref name="mfn"/> on with zeros.</summary>
    public abstract void Zero(ulong mfn, int count);
}
