using System.Diagnostics.CodeAnalysis;

namespace System.Diagnostics;

/// <summary>Checks of what must hold.</summary>
public static class Debug
{
    /// <summary>Panics if the condition does not hold; left out of a release build.</summary>
    [Conditional("DEBUG")]
    public static void Assert([DoesNotReturnIf(false)] bool condition)
    {
        if (!condition)
            Environment.FailFast("assertion failed");
    }

    /// <summary>Panics with the message if the condition does not hold; left out of a release build.</summary>
    [Conditional("DEBUG")]
    public static void Assert([DoesNotReturnIf(false)] bool condition, string? message)
    {
        if (!condition)
            Environment.FailFast(message);
    }
}
