namespace Microkernel.Platform.Boot;

/// <summary>Frames from one number up to another.</summary>
internal readonly struct PhysicalRange
{
    private const int FrameShift = 12;
    private const ulong FrameMask = (1UL << FrameShift) - 1;

    /// <summary>Frames <paramref name="first"/> to <paramref name="end"/> - 1; none if that is backwards.</summary>
    public PhysicalRange(ulong first, ulong end)
    {
        First = first;
        End = end > first ? end : first;
    }

    /// <summary>The first frame.</summary>
    public ulong First { get; }

    /// <summary>The frame after the last.</summary>
    public ulong End { get; }

    /// <summary>Number of frames.</summary>
    public ulong Count => End - First;

    /// <summary>The frames that lie wholly between two addresses.</summary>
    public static PhysicalRange WholeFramesInside(ulong start, ulong end) =>
        new((start + FrameMask) >> FrameShift, end >> FrameShift);

    /// <summary>The frames that hold any byte between two addresses.</summary>
    public static PhysicalRange FramesAround(ulong start, ulong end) =>
        new(start >> FrameShift, (end + FrameMask) >> FrameShift);
}
