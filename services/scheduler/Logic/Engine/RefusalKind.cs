namespace Microkernel.Services.Scheduler;

/// <summary>Why an operator's wish is refused.</summary>
public enum RefusalKind
{
    /// <summary>There is nothing of that name or number.</summary>
    NotFound,

    /// <summary>A value that is never possible.</summary>
    Invalid,

    /// <summary>It is not possible as things are.</summary>
    NotNow,

    /// <summary>It could not be tried: that passes by itself.</summary>
    TryAgain,
}
