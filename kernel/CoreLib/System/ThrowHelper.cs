namespace System;

/// <summary>
/// The panics of this library. A body that is a single throw is how the compiler knows that a call does not return.
/// </summary>
internal static class ThrowHelper
{
    internal static void IndexOutOfRange() => throw new IndexOutOfRangeException();

    internal static void ArgumentOutOfRange() => throw new ArgumentOutOfRangeException();

    internal static void Argument() => throw new ArgumentException();

    internal static void Overflow() => throw new OverflowException();

    internal static void ArrayTypeMismatch() => throw new ArrayTypeMismatchException();

    internal static void InvalidCast() => throw new InvalidCastException();

    internal static void InvalidOperation(string message) => throw new InvalidOperationException(message);
}
