using System;
using Microkernel.Core.Hardware;

namespace Microkernel.Core.Boot;

/// <summary>Reads a boot module through windows onto its frames.</summary>
public readonly struct ModuleReader
{
    private readonly PhysicalMemory _memory;
    private readonly BootModule _module;

    /// <summary>A reader of <paramref name="module"/>.</summary>
    public ModuleReader(PhysicalMemory memory, BootModule module)
    {
        _memory = memory;
        _module = module;
    }

    /// <summary>Bytes in the module.</summary>
    public ulong Length => _module.Length;

    /// <summary>Copies bytes from <paramref name="offset"/> on; false, with nothing promised about the target, if the module ends before.</summary>
    public bool TryRead(ulong offset, Span<byte> target)
    {
        if (offset > _module.Length || (ulong)target.Length > _module.Length - offset)
            return false;

        while (target.Length > 0)
        {
            ulong address = _module.Address + offset;
            int within = (int)(address & (PhysicalMemory.FrameSize - 1));
            int count = Math.Min(target.Length, PhysicalMemory.FrameSize - within);
            using FrameView view = new(_memory, address >> PhysicalMemory.FrameShift);
            view.Bytes.Slice(within, count).CopyTo(target);
            target = target.Slice(count);
            offset += (ulong)count;
        }

        return true;
    }
}
