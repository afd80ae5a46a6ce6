using System.Runtime.CompilerServices;

namespace System;

/// <summary>The panics of this library, out of the way of the code that checks.</summary>
internal static class ThrowHelper
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void IndexOutOfRange() => Environment.FailFast("index out of range");

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void ArgumentOutOfRange() => Environment.FailFast("argument out of range");
}
