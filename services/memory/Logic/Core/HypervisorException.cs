using System;

namespace Microkernel.Services.Memory.Core;

/// <summary>The core refused something.</summary>
public sealed class HypervisorException(string message, int error) : Exception(message)
{
    /// <summary>ENOMEM.</summary>
    public const int NoMemory = 12;

    /// <summary>ESRCH: no such domain.</summary>
    public const int NoDomain = 3;

    /// <summary>The error number of Xen, positive.</summary>
    public int Error { get; } = error;
}
