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

    /// <summary>The policy says itself that it cannot do this; it is not broken.</summary>
    public bool IsRefusal { get; init; }
}
