namespace Microkernel.Core.Hardware;

/// <summary>The size of a frame, for the code that is shared with the core.</summary>
public static class PhysicalMemory
{
    /// <summary>log2 of it.</summary>
    public const int FrameShift = 12;

    /// <summary>Bytes.</summary>
    public const int FrameSize = 1 << FrameShift;
}
