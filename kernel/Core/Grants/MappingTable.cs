using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;

namespace Microkernel.Core.Grants;

/// <summary>
/// The handles of a domain's mappings (maptrack), in frames of its pool that are taken as they are needed. The domain's
/// GrantLock guards it.
/// </summary>
internal sealed class MappingTable
{
    /// <summary>Most frames: Xen's default.</summary>
    public const int MaxFrames = 1024;

    private const uint EndOfList = uint.MaxValue;
    private const uint PerFrame = PhysicalMemory.FrameSize / Mapping.Size;

    private readonly Domain _domain;
    private readonly PhysicalMemory _memory;
    private readonly ulong[] _frames = new ulong[MaxFrames];
    private int _frameCount;
    private uint _firstFree;
    private uint _sweep;

    public MappingTable(Domain domain)
    {
        _domain = domain;
        _memory = domain.Kernel.Memory.Memory;
    }

    /// <summary>Handles that exist, used or not.</summary>
    public int Capacity => _frameCount * (int)PerFrame;

    /// <summary>Mappings now.</summary>
    public int Count { get; private set; }

    /// <summary>Forgets all; the frames go with the pool.</summary>
    public void Reset()
    {
        _frameCount = 0;
        Count = 0;
        _firstFree = EndOfList;
        _sweep = 0;
    }

    /// <summary>The next handle of a round through all of them.</summary>
    public uint NextInSweep()
    {
        uint handle = _sweep < (uint)Capacity ? _sweep : 0;
        _sweep = handle + 1;
        return handle;
    }

    /// <summary>Stores a mapping under a free handle; false when there is none and no room for more.</summary>
    public bool TryAdd(in Mapping mapping, out uint handle)
    {
        handle = _firstFree;
        if (handle == EndOfList && !TryGrow(out handle))
        {
            return false;
        }

        using FrameView view = View(handle, out int index);
        ref Mapping entry = ref view.As<Mapping>()[index];
        _firstFree = entry.Reference;
        entry = mapping;
        entry.IsUsed = true;
        Count++;
        return true;
    }

    /// <summary>A window onto the entry of a handle, which is below <see cref="Capacity"/>.</summary>
    public FrameView View(uint handle, out int index)
    {
        uint entry = (uint)SpeculationSafe.Index(handle, Capacity);
        index = (int)(entry % PerFrame);
        return new FrameView(_memory, _frames[entry / PerFrame]);
    }

    /// <summary>The handle of an entry is free again.</summary>
    public void Remove(ref Mapping entry, uint handle)
    {
        entry = default;
        entry.Reference = _firstFree;
        _firstFree = handle;
        Count--;
    }

    private bool TryGrow(out uint handle)
    {
        handle = EndOfList;
        if (_frameCount == MaxFrames || !_domain.Pool.TryTake(out ulong mfn))
        {
            return false;
        }

        handle = (uint)Capacity;
        _frames[_frameCount++] = mfn;
        using FrameView view = new(_memory, mfn);
        System.Span<Mapping> entries = view.As<Mapping>();
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i].Reference = i + 1 < entries.Length ? handle + (uint)i + 1 : EndOfList;
        }

        return true;
    }
}
