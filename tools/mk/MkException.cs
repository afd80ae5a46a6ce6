using System;

namespace Mk;

/// <summary>An error the operator can do something about: its message is printed without a stack trace.</summary>
public sealed class MkException : Exception
{
    /// <summary>Creates the error.</summary>
    /// <param name="code">The exit code the process ends with.</param>
    /// <param name="message">What went wrong and what to do about it; may have several lines.</param>
    public MkException(ExitCode code, string message)
        : base(message) => Code = code;

    /// <summary>The exit code the process ends with.</summary>
    public ExitCode Code { get; }
}
