using System;

namespace Microkernel.Services.Scheduler;

/// <summary>A policy cannot run in a pool. The message says why, and what to do.</summary>
public sealed class PolicyException : Exception
{
    /// <summary>Makes one.</summary>
    public PolicyException(string message)
        : base(message)
    {
    }
}
