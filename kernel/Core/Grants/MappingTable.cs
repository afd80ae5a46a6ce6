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

    /// <summary>No mapping; the end of the list of free ones.</summary>
    public const uint NoHandle = uint.MaxValue;

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
        _firstFree = NoHandle;
        _sweep = 0;
    }

    /// <summary>The next handle of a round through all of them.</summary>
    public uint NextInSweep()
    {
        uint handle = _sweep < (uint)Capacity ? _sweep : 0;
        _sweep = handle + 1;
        return handle;
    }

    /// <summary>Stores a mapping under a free handle; <see cref="NoHandle"/> when there is none and no room for more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Add(in GrantClaim claim, ulong gfn)
    {
        uint handle = _firstFree;
        if (handle == NoHandle && (handle = Grow()) == NoHandle)
            return NoHandle;

        ref Mapping entry = ref At(handle);
        _firstFree = entry.Claim.Reference;
        entry.Claim = claim;
        entry.Gfn = gfn;
        _memory.Unmap();
        Count++;
        return handle;
    }

    /// <summary>The entry of a handle below <see cref="Capacity"/>, in a window that the caller closes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref Mapping Open(uint handle) => ref At((uint)SpeculationSafe.Index(handle, Capacity));

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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref Mapping At(uint handle) =>
        ref _memory.Open<Mapping>((_frames[handle / PerFrame] << PhysicalMemory.FrameShift) + (handle % PerFrame * Mapping.Size));

    // Adds a frame of free handles; the first one, or none if there is no room.
    private uint Grow()
    {
        if (_frameCount == MaxFrames || !_domain.Pool.TryTake(out ulong mfn))
            return NoHandle;

        _firstFree = (uint)Capacity;
        _frames[_frameCount++] = mfn;
        using FrameView view = new(_memory, mfn);
        System.Span<Mapping> entries = view.As<Mapping>();
        for (int i = 0; i < entries.Length; i++)
            entries[i].Claim.Reference = i + 1 < entries.Length ? _firstFree + (uint)i + 1 : NoHandle;

        return _firstFree;
    }
}
