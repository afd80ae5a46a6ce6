using System.Runtime.CompilerServices;
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
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryAdd(in GrantClaim claim, ulong gfn, out uint handle)
    {
        bool hasFree = _firstFree != EndOfList || TryGrow();
        handle = _firstFree;
        if (hasFree)
        {
            ref Mapping entry = ref Open(handle);
            _firstFree = entry.Claim.Reference;
            entry.Claim = claim;
            entry.Gfn = gfn;
            _memory.Unmap();
            Count++;
        }

        return hasFree;
    }

    /// <summary>The entry of a handle below <see cref="Capacity"/>, in a window that the caller closes.</summary>
    public ref Mapping Open(uint handle)
    {
        uint entry = (uint)SpeculationSafe.Index(handle, Capacity);
        return ref _memory.Open<Mapping>((_frames[entry / PerFrame] << PhysicalMemory.FrameShift) + (entry % PerFrame * Mapping.Size));
    }

    /// <summary>Closes the window of <see cref="Open"/>.</summary>
    public void Close() => _memory.Unmap();

    /// <summary>The handle of an entry is free again.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Remove(ref Mapping entry, uint handle)
    {
        entry.Claim.Mfn = 0;
        entry.Claim.Reference = _firstFree;
        _firstFree = handle;
        Count--;
    }

    private bool TryGrow()
    {
        if (_frameCount == MaxFrames || !_domain.Pool.TryTake(out ulong mfn))
        {
            return false;
        }

        _firstFree = (uint)Capacity;
        _frames[_frameCount++] = mfn;
        using FrameView view = new(_memory, mfn);
        System.Span<Mapping> entries = view.As<Mapping>();
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i].Claim.Reference = i + 1 < entries.Length ? _firstFree + (uint)i + 1 : EndOfList;
        }

        return true;
    }
}
