using System.Diagnostics.CodeAnalysis;
using System.Runtime;
using System.Runtime.CompilerServices;

namespace System;

/// <summary>The machine under the program.</summary>
public static class Environment
{
    /// <summary>Stops the machine with a panic that prints the message.</summary>
    [DoesNotReturn]
    public static void FailFast(string? message) => throw new ExecutionEngineException(message);

    /// <summary>The platform's panic: prints the exception, if there is one, and the message; never returns.</summary>
    [DoesNotReturn]
    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "CorePanic")]
    internal static extern void Panic(string? message, Exception? exception);
}
