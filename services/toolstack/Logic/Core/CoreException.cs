using System;

namespace Microkernel.Services.Toolstack.Core;

/// <summary>The core refused a call.</summary>
public sealed class CoreException : Exception
{
    /// <summary>The domain that the call named is not there (ESRCH).</summary>
    public const int NoSuchDomain = 3;

    /// <summary>Makes one.</summary>
    /// <param name="error">Xen's error number, positive.</param>
    /// <param name="call">What was asked for.</param>
    public CoreException(int error, string call)
        : base($"the core refuses to {call}: error {error}")
    {
        Error = error;
    }

    /// <summary>Xen's error number, positive.</summary>
    public int Error { get; }
}
