namespace Microkernel.Core.Memory;

/// <summary>Memory that the manifest has the core lend: here only how much.</summary>
public sealed class LentMemory(int frames)
{
    /// <summary>Frames.</summary>
    public int Count => frames;
}
