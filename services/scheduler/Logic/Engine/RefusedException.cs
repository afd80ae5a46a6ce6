using System;

namespace Microkernel.Services.Scheduler;

/// <summary>An operator's wish is refused. The message says why, and what would be possible.</summary>
public sealed class RefusedException : Exception
{
    /// <summary>Makes one.</summary>
    public RefusedException(RefusalKind kind, string message)
        : base(message) => Kind = kind;

    /// <summary>Why.</summary>
    public RefusalKind Kind { get; }
}
