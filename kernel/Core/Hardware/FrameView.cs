using System;
using System.Runtime.InteropServices;

namespace Microkernel.Core.Hardware;

/// <summary>A window onto one physical frame, open until disposed. Views nest: the last one opened closes first.</summary>
public readonly ref struct FrameView : IDisposable
{
    private readonly PhysicalMemory _memory;

    /// <summary>The frame's 4096 bytes.</summary>
    public readonly Span<byte> Bytes;

    /// <summary>Opens a window onto frame <paramref name="mfn"/>.</summary>
    public FrameView(PhysicalMemory memory, ulong mfn)
    {
        _memory = memory;
        Bytes = memory.Map(mfn);
    }

    /// <summary>The frame as an array of <typeparamref name="T"/>.</summary>
    public Span<T> As<T>()
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(Bytes);

    /// <summary>Closes the window.</summary>
    public void Dispose() => _memory.Unmap();
}
