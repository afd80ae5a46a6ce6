using System.Runtime.CompilerServices;
using Internal.Runtime;

namespace System.Runtime;

/// <summary>Boxing, under the names that the compiler knows. It allocates: start-up only.</summary>
internal static unsafe class RuntimeExports
{
    // Sound: the compiler passes a value of the type it names, and unboxes to the type that was checked.
    private static object RhBox(MethodTable* type, ref byte data)
    {
        MethodTable** box = Heap.Allocate(type, type->BaseSize);
        object result = Unsafe.As<nint, object>(ref Unsafe.AsRef<nint>(&box));
        SpanHelpers.Memmove(ref result.GetRawData(), ref data, type->ValueSize);
        return result;
    }

    private static ref byte RhUnbox2(MethodTable* type, object value)
    {
        if (value.m_pEEType != type)
            ThrowHelper.InvalidCast();
        return ref value.GetRawData();
    }

    private static void RhUnboxNullable(ref byte destination, MethodTable* type, object? value) =>
        throw new NotSupportedException("unboxing to a nullable type");
}
