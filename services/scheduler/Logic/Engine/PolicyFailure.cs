using System;

namespace Microkernel.Services.Scheduler;

/// <summary>A policy gave no answer that can be used.</summary>
public sealed class PolicyFailure : Exception
{
    /// <summary>Makes one.</summary>
    public PolicyFailure(string message)
        : base(message)
    {
    }
}
