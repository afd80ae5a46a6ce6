using System;

namespace Microkernel.XenStore;

/// <summary>Memory that outlives the server, in two halves: one in use, one for the next snapshot.</summary>
public abstract class JournalDevice : IDisposable
{
    /// <summary>How large a half can get.</summary>
    public abstract int LargestHalf { get; }

    /// <summary>A half, as large as it is.</summary>
    public abstract Span<byte> Half(int index);

    /// <summary>Makes a half at least so large, keeping what is in it.</summary>
    /// <returns>False if it cannot be so large.</returns>
    public abstract bool TryGrow(int index, int size);

    /// <summary>Lets go of the memory.</summary>
    public abstract void Dispose();
}
