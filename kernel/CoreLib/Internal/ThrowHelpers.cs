using System;

namespace Internal.Runtime.CompilerHelpers;

/// <summary>What compiled code calls when a check fails: each ends in a panic.</summary>
internal static class ThrowHelpers
{
    private static void ThrowIndexOutOfRangeException() => throw new IndexOutOfRangeException();

    private static void ThrowOverflowException() => throw new OverflowException();

    private static void ThrowNullReferenceException() => throw new NullReferenceException();

    private static void ThrowDivideByZeroException() => throw new DivideByZeroException();

    private static void ThrowArrayTypeMismatchException() => throw new ArrayTypeMismatchException();

    private static void ThrowArgumentException() => throw new ArgumentException();

    private static void ThrowArgumentOutOfRangeException() => throw new ArgumentOutOfRangeException();

    private static void ThrowPlatformNotSupportedException() => throw new NotSupportedException();

    private static void ThrowNotImplementedException() => throw new NotSupportedException();

    private static void ThrowNotSupportedException() => throw new NotSupportedException();

    private static void ThrowBodyRemoved() => throw new NotSupportedException("method body removed");

    private static void ThrowFeatureBodyRemoved() => throw new NotSupportedException("method body removed");

    private static void ThrowInstanceBodyRemoved() => throw new NotSupportedException("method body removed");

    private static void ThrowUnavailableType() => throw new NotSupportedException("type not available");
}
