using System;

namespace Internal.Runtime.CompilerHelpers;

/// <summary>What compiled code calls when a check fails: each ends in a panic.</summary>
internal static class ThrowHelpers
{
    private static void ThrowIndexOutOfRangeException() => Environment.FailFast("index out of range");

    private static void ThrowOverflowException() => Environment.FailFast("arithmetic overflow");

    private static void ThrowNullReferenceException() => Environment.FailFast("null reference");

    private static void ThrowDivideByZeroException() => Environment.FailFast("division by zero");

    private static void ThrowArrayTypeMismatchException() => Environment.FailFast("array type mismatch");

    private static void ThrowArgumentException() => Environment.FailFast("invalid argument");

    private static void ThrowArgumentOutOfRangeException() => Environment.FailFast("argument out of range");

    private static void ThrowPlatformNotSupportedException() => Environment.FailFast("not supported");

    private static void ThrowNotImplementedException() => Environment.FailFast("not implemented");

    private static void ThrowNotSupportedException() => Environment.FailFast("not supported");

    private static void ThrowBodyRemoved() => Environment.FailFast("method body removed");

    private static void ThrowFeatureBodyRemoved() => Environment.FailFast("method body removed");

    private static void ThrowInstanceBodyRemoved() => Environment.FailFast("method body removed");

    private static void ThrowUnavailableType() => Environment.FailFast("type not available");
}
