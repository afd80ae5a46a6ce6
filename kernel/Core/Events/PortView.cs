using System;
using Microkernel.Core.Hardware;

namespace Microkernel.Core.Events;

/// <summary>A window onto the record of one port, open until disposed.</summary>
public readonly ref struct PortView : IDisposable
{
    private readonly FrameView _frame;
    private readonly int _index;

    internal PortView(PhysicalMemory memory, ulong mfn, int index)
    {
        _frame = new FrameView(memory, mfn);
        _index = index;
    }

    /// <summary>The record in place.</summary>
    public ref PortRecord Record => ref _frame.As<PortRecord>()[_index];

    /// <summary>Closes the window.</summary>
    public void Dispose() => _frame.Dispose();
}
