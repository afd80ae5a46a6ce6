using System;
using System.Runtime.CompilerServices;
using Microkernel.Core.Hardware;

namespace Microkernel.Core.Events;

/// <summary>The record of one port, in the core's memory or behind a window that is open until this is disposed.</summary>
public readonly ref struct PortView : IDisposable
{
    private readonly PhysicalMemory? _window;

    /// <summary>The record in place.</summary>
    public readonly ref PortRecord Record;

    internal PortView(ref PortRecord record) => Record = ref record;

    internal PortView(PhysicalMemory memory, ulong mfn, int index)
    {
        var frame = new FrameView(memory, mfn);
        _window = memory;
        Record = ref frame.As<PortRecord>()[index];
    }

    /// <summary>Closes the window.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Dispose() => _window?.Unmap();
}
