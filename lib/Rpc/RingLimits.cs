namespace Microkernel.Rpc;

/// <summary>What a ring carries. Whoever exceeds one of these gets RESOURCE_EXHAUSTED, or has to wait.</summary>
public static class RingLimits
{
    /// <summary>The longest message of a call; a small ring carries less.</summary>
    public const int LargestPayload = 256 * 1024;

    /// <summary>The longest name of a method, "package.Service/Method".</summary>
    public const int LongestMethod = 127;

    /// <summary>The longest text of a status; what is longer is cut.</summary>
    internal const int LongestStatusMessage = 255;

    /// <summary>The longest frame: a payload and the longest of everything around it.</summary>
    internal const int LargestFrame = LargestPayload + 512;

    /// <summary>What around a payload takes at most.</summary>
    internal const int FrameOverhead = 320;

    /// <summary>A peer that takes no longer frames than this cannot be talked to.</summary>
    internal const int SmallestFrame = 512;

    /// <summary>What an event uses up beside its payload.</summary>
    internal const int EventOverhead = 64;

    /// <summary>What a caller takes of a stream before it has read any of it.</summary>
    internal const int EventWindow = 256 * 1024;

    /// <summary>Calls of this side at a time.</summary>
    internal const int ClientCalls = 1024;

    /// <summary>Bytes waiting for room; streams wait until there are fewer.</summary>
    internal const int BacklogForEvents = 256 * 1024;

    /// <summary>Bytes waiting for room; no further call of the other side is served while there are more.</summary>
    internal const int BacklogForAnswers = 4 * 1024 * 1024;

    /// <summary>Bytes waiting for room; no further call of this side begins while there are more.</summary>
    internal const int BacklogForRequests = 8 * 1024 * 1024;

    /// <summary>Frames waiting for room; a peer that leaves more of them does not read at all.</summary>
    internal const int BacklogFrames = 16 * 1024;
}
