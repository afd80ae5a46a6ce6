using System.Runtime.CompilerServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Memory;

namespace Microkernel.Core.Grants;

/// <summary>
/// The frames of a domain's grant table, all of its pool: those shared with the domain (entries, and status words of
/// version 2) and the core's own with an <see cref="ActiveEntry"/> for each entry. The domain's GrantLock guards them.
/// </summary>
internal sealed class GrantFrames
{
    /// <summary>Most frames with entries: Xen's default.</summary>
    public const int MaxFrames = 64;

    private const uint EntriesPerFrame = PhysicalMemory.FrameSize / GrantAbi.EntrySize;
    private const uint EntriesPerFrameV2 = PhysicalMemory.FrameSize / GrantAbi.EntrySizeV2;
    private const uint StatusPerFrame = PhysicalMemory.FrameSize / sizeof(ushort);
    private const int ActiveFramesPerFrame = (int)EntriesPerFrame << ActiveEntry.SizeShift >> PhysicalMemory.FrameShift;

    private readonly Domain _domain;
    private readonly ulong[] _entries = new ulong[MaxFrames];
    private readonly ulong[] _active = new ulong[MaxFrames * ActiveFramesPerFrame];
    private readonly ulong[] _status = new ulong[MaxFrames * EntriesPerFrameV2 / StatusPerFrame];

    public GrantFrames(Domain domain) => _domain = domain;

    /// <summary>Frames with entries.</summary>
    public int Count { get; private set; }

    /// <summary>Frames with status words; 0 in version 1.</summary>
    public int StatusCount { get; private set; }

    /// <summary>Layout of the entries: 1 or 2; 0 while there is no table.</summary>
    public int Version { get; private set; }

    /// <summary>
    /// Number of entries: 512 in a frame, or 256 of version 2. A reference that a guest names is compared with it and
    /// masked (<see cref="SpeculationSafe"/>) before its address is asked for.
    /// </summary>
    public int EntryCount { get; private set; }

    /// <summary>No table; the frames go with the pool.</summary>
    public void Close()
    {
        StatusCount = 0;
        SetLayout(0, 0);
    }

    /// <summary>A table of version 1 without frames.</summary>
    public void Open()
    {
        StatusCount = 0;
        SetLayout(1, 0);
    }

    /// <summary>Frame with entries, by index.</summary>
    public ulong Entries(int index) => _entries[index];

    /// <summary>Frame with status words, by index.</summary>
    public ulong Status(int index) => _status[index];

    /// <summary>Bytes of an entry: 8, or 16 of version 2.</summary>
    public int EntrySize => GrantAbi.EntrySize * Version;

    /// <summary>Physical address of an entry.</summary>
    public ulong EntryAddress(uint reference) => Address(_entries, reference, Version + 2);

    /// <summary>Physical address of the core's record of an entry, an <see cref="ActiveEntry"/>.</summary>
    public ulong ActiveAddress(uint reference) => Address(_active, reference, ActiveEntry.SizeShift);

    /// <summary>Physical address of the status word of an entry of version 2.</summary>
    public ulong StatusAddress(uint reference) => Address(_status, reference, 1);

    /// <summary>Grows to <paramref name="count"/> frames; false when the pool has no more. What was added stays.</summary>
    public bool TryGrow(int count)
    {
        while (Count < count)
        {
            if (Version == 2 && !TryAddStatus(Count + 1))
                return false;

            if (!TryAddFrame())
                return false;
        }

        return true;
    }

    /// <summary>Changes to version 2: the frames stay, status frames are added. The caller rewrites the entries.</summary>
    public bool TryBecomeVersion2()
    {
        if (!TryAddStatus(Count))
            return false;

        SetLayout(2, Count);
        return true;
    }

    /// <summary>Changes to version 1: the status frames go back to the pool. False when one cannot be unmapped.</summary>
    public bool TryBecomeVersion1()
    {
        while (StatusCount > 0)
        {
            if (_domain.Memory.ReturnShared(_status[StatusCount - 1]) != 0)
                return false;

            StatusCount--;
        }

        SetLayout(1, Count);
        return true;
    }

    private void SetLayout(int version, int count)
    {
        Version = version;
        Count = count;
        EntryCount = count << (10 - version);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Address(ulong[] frames, uint reference, int sizeShift)
    {
        uint at = reference << sizeShift;
        return (frames[at >> PhysicalMemory.FrameShift] << PhysicalMemory.FrameShift) + (at & (PhysicalMemory.FrameSize - 1));
    }

    private bool TryAddStatus(int frames)
    {
        int needed = (int)(((uint)frames * EntriesPerFrameV2 + StatusPerFrame - 1) / StatusPerFrame);
        while (StatusCount < needed)
        {
            if (!_domain.Pool.TryTake(FrameType.Shared, out _status[StatusCount]))
                return false;

            StatusCount++;
        }

        return true;
    }

    private bool TryAddFrame()
    {
        FramePool pool = _domain.Pool;
        int first = Count * ActiveFramesPerFrame;
        if (!pool.TryTake(out _active[first]))
            return false;

        if (!pool.TryTake(out _active[first + 1]))
        {
            pool.Return(_active[first]);
            return false;
        }

        if (!pool.TryTake(FrameType.Shared, out _entries[Count]))
        {
            pool.Return(_active[first]);
            pool.Return(_active[first + 1]);
            return false;
        }

        SetLayout(Version, Count + 1);
        return true;
    }
}
