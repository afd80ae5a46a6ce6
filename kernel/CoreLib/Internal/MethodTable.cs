using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Internal.Runtime;

/// <summary>What the compiler emits for each type. The layout is private to the pinned ilc.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MethodTable
{
    private const uint KindMask = 0x0003_0000;
    private const uint ParameterizedKind = 0x0002_0000;
    private const uint HasDispatchMapFlag = 0x0004_0000;
    private const int ElementTypeShift = 26;
    private const uint ElementTypeMask = 0x1F;
    private const uint LastValueType = 0x11;
    private const uint InterfaceType = 0x13;

    private uint flags;
    private uint baseSize;
    private MethodTable* related;
    private ushort vtableSlots;
    private ushort interfaces;
    private uint hashCode;

    /// <summary>Bytes of an instance without its elements, the header before it included.</summary>
    internal readonly uint BaseSize => baseSize;

    /// <summary>Bytes of an element of an array or string.</summary>
    internal readonly uint ComponentSize => flags & 0xFFFF;

    internal readonly bool IsArray => (flags & KindMask) == ParameterizedKind;

    internal readonly bool IsInterface => Category == InterfaceType;

    internal readonly bool IsValueType => Category is > 0 and <= LastValueType;

    /// <summary>The element type of an array.</summary>
    internal readonly MethodTable* ElementType => related;

    /// <summary>The base class; null above object.</summary>
    internal readonly MethodTable* BaseType => related;

    internal readonly bool HasDispatchMap => (flags & HasDispatchMapFlag) != 0;

    internal readonly int VtableSlots => vtableSlots;

    internal readonly int InterfaceCount => interfaces;

    private readonly uint Category => flags >> ElementTypeShift & ElementTypeMask;

    /// <summary>The MethodTable of a type; the compiler replaces the body.</summary>
    [Intrinsic]
    internal static MethodTable* Of<T>() => throw new NotSupportedException();

    /// <summary>The code of a virtual method.</summary>
    internal nint VirtualMethod(int slot) => Vtable[slot];

    /// <summary>An interface that the type implements.</summary>
    internal MethodTable* Interface(int index) => ((MethodTable**)(Vtable + vtableSlots))[index];

    // Sound: the compiler lays the virtual methods and then the interfaces directly after the fixed part, and
    // MethodTables never move.
    private nint* Vtable => (nint*)((MethodTable*)Unsafe.AsPointer(ref this) + 1);
}
