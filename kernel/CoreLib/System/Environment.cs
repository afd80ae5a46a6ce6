using System.Diagnostics.CodeAnalysis;
using System.Runtime;
using System.Runtime.CompilerServices;

namespace System;

/// <summary>The machine under the program.</summary>
public static class Environment
{
    /// <summary>Stops the machine with a panic that prints the message.</summary>
    [DoesNotReturn]
    public static void FailFast(string? message)
    {
        Panic(message, null);
        while (true)
        {
        }
    }

    /// <summary>The platform's panic: prints the message or, for a throw, the exception, and never returns.</summary>
    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "CorePanic")]
    internal static extern void Panic(string? message, Exception? exception);
}
