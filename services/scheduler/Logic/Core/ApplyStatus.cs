namespace Microkernel.Services.Scheduler;

/// <summary>What became of a transaction.</summary>
public enum ApplyStatus
{
    /// <summary>It is in force.</summary>
    Applied,

    /// <summary>Another generation is in force: read again.</summary>
    Stale,

    /// <summary>It is invalid or asks for more than there is.</summary>
    Refused,
}
