namespace Microkernel.Core.Memory;

/// <summary>
/// Frames of the core's own that it lends to domains which the manifest names: rings, and memory that is kept for a service's next
/// incarnation. They are taken at start and never given back, so a mapping needs no reference.
/// </summary>
public sealed class LentMemory
{
    private readonly ulong[] _frames;

    /// <summary>Room for so many frames. Only during start-up: it allocates.</summary>
    public LentMemory(int frames) => _frames = new ulong[frames];

    /// <summary>Frames.</summary>
    public int Count => _frames.Length;

    /// <summary>A frame by its position.</summary>
    public ulong this[int index] => _frames[index];

    /// <summary>Takes the frames, zeroed. False: the host has not enough memory.</summary>
    public bool TryFill(HostMemory host)
    {
        for (int i = 0; i < _frames.Length; i++)
        {
            if (!host.Allocator.TryAllocate(0, FrameTable.Nobody, FrameType.Lent, out _frames[i]))
                return false;
        }

        return true;
    }
}
