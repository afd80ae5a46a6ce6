using System;

namespace Mk.Machine;

/// <summary>A run did not do what its program waited for.</summary>
public sealed class SessionException : Exception
{
    /// <summary>Creates the error.</summary>
    public SessionException(string message)
        : base(message)
    {
    }
}
