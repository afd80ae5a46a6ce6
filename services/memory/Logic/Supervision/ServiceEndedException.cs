using System;

namespace Microkernel.Services.Memory.Supervision;

/// <summary>A service has ended, or did not come up; the message says why.</summary>
internal sealed class ServiceEndedException(string message, bool restarts) : Exception(message)
{
    /// <summary>It is to be started again.</summary>
    internal bool Restarts { get; } = restarts;

    /// <summary>The operator has ended it: that says nothing about how well it works.</summary>
    internal bool IsByOperator { get; init; }
}
