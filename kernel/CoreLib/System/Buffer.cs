using System.Runtime.CompilerServices;

namespace System;

/// <summary>Copies of memory, under the names that the compiler knows.</summary>
public static class Buffer
{
    internal static void Memmove<T>(ref T destination, ref readonly T source, nuint count) =>
        SpanHelpers.Memmove(
            ref Unsafe.As<T, byte>(ref destination),
            ref Unsafe.As<T, byte>(ref Unsafe.AsRef(in source)),
            count * (nuint)Unsafe.SizeOf<T>());

    internal static void BulkMoveWithWriteBarrier(ref byte destination, ref byte source, nuint length) =>
        SpanHelpers.Memmove(ref destination, ref source, length);
}
