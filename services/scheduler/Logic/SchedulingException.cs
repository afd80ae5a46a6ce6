using System;

namespace Microkernel.Services.Scheduler;

/// <summary>The core refused a call.</summary>
public sealed class SchedulingException : Exception
{
    /// <summary>Makes one.</summary>
    public SchedulingException(string message)
        : base(message)
    {
    }
}
