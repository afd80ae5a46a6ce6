namespace Microkernel.Core.Domains;

/// <summary>How far a builder is.</summary>
public enum BuildProgress
{
    /// <summary>There is more to do.</summary>
    Working,

    /// <summary>The domain can run.</summary>
    Done,

    /// <summary>It cannot be built; the reason is in the log.</summary>
    Failed,
}
