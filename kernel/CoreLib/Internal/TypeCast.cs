using Internal.Runtime;

namespace System.Runtime;

/// <summary>Casts and array stores, under the names that the compiler knows.</summary>
internal static unsafe class TypeCast
{
    // Sound, for everything here: the compiler passes types, and every object points to its own.

    /// <summary>Whether instances of the type are exceptions.</summary>
    internal static bool IsException(MethodTable* type) => IsOrDerives(type, MethodTable.Of<Exception>());

    /// <summary>Whether a type is another one, derives from it or implements it.</summary>
    private static bool IsOrDerives(MethodTable* type, MethodTable* wanted)
    {
        if (wanted->IsInterface)
            return Implements(type, wanted);
        if (type->IsArray)
            return IsArrayOf(type, wanted);
        while (type != null && type != wanted)
            type = type->BaseType;
        return type != null;
    }

    private static bool Implements(MethodTable* type, MethodTable* wanted)
    {
        for (int i = 0; i < type->InterfaceCount; i++)
            if (type->Interface(i) == wanted)
                return true;
        return false;
    }

    private static bool IsArrayOf(MethodTable* type, MethodTable* wanted) =>
        type == wanted || wanted == MethodTable.Of<object>() || wanted == MethodTable.Of<Array>()
            || (wanted->IsArray && !type->ElementType->IsValueType && IsOrDerives(type->ElementType, wanted->ElementType));

    private static object? IsInstanceOfAny(MethodTable* type, object? value) =>
        value != null && IsOrDerives(value.m_pEEType, type) ? value : null;

    private static object? IsInstanceOfClass(MethodTable* type, object? value) => IsInstanceOfAny(type, value);

    private static object? IsInstanceOfInterface(MethodTable* type, object? value) => IsInstanceOfAny(type, value);

    private static bool IsInstanceOfException(MethodTable* type, object? value) =>
        IsInstanceOfAny(type, value) != null;

    private static object? CheckCastAny(MethodTable* type, object? value)
    {
        if (value != null && !IsOrDerives(value.m_pEEType, type))
            ThrowHelper.InvalidCast();
        return value;
    }

    private static object? CheckCastClass(MethodTable* type, object? value) => CheckCastAny(type, value);

    private static object? CheckCastClassSpecial(MethodTable* type, object? value) => CheckCastAny(type, value);

    private static object? CheckCastInterface(MethodTable* type, object? value) => CheckCastAny(type, value);

    private static void StelemRef(object?[] array, nint index, object? value)
    {
        if (value != null && !IsOrDerives(value.m_pEEType, array.m_pEEType->ElementType))
            ThrowHelper.ArrayTypeMismatch();
        ElementOf(array, index) = value;
    }

    private static ref object? LdelemaRef(object?[] array, nint index, MethodTable* elementType)
    {
        if (array.m_pEEType->ElementType != elementType)
            ThrowHelper.ArrayTypeMismatch();
        return ref ElementOf(array, index);
    }

    private static ref object? ElementOf(object?[] array, nint index)
    {
        if ((nuint)index >= (nuint)array.Length)
            ThrowHelper.IndexOutOfRange();
        return ref CompilerServices.Unsafe.Add(
            ref CompilerServices.Unsafe.As<byte, object?>(ref array.GetRawArrayData()), index);
    }
}
