namespace Microkernel.Core.Memory;

/// <summary>How much memory operations do between two looks at the clock.</summary>
public static class MemoryBatch
{
    /// <summary>Pages taken away with one flush.</summary>
    public const int Size = 32;
}
