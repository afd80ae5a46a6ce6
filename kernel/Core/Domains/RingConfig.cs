using Microkernel.Core.Memory;

namespace Microkernel.Core.Domains;

/// <summary>A ring of the manifest: memory that two of its entries share and nobody else can map.</summary>
public sealed class RingConfig(ushort first, ushort second, LentMemory memory)
{
    /// <summary>The entry that has the ring's line; its id.</summary>
    public ushort First { get; } = first;

    /// <summary>The entry that the line names; its id.</summary>
    public ushort Second { get; } = second;

    /// <summary>Its pages.</summary>
    public LentMemory Memory { get; } = memory;

    /// <summary>The domain with this id is one of the two sides.</summary>
    public bool Joins(ushort id) => id == First || id == Second;
}
