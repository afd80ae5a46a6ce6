using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Internal.Runtime;

/// <summary>
/// What the compiler emits for each type: this, the virtual methods, the interfaces, and 32-bit relative pointers to
/// module, writable data, dispatch map (if any) and sealed methods (if any). The layout is private to the pinned ilc.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MethodTable
{
    // Sound, for every pointer here: the compiler lays the parts out in this order and counts them, MethodTables never
    // move, and callers ask for what the flags say is there.
    private const uint KindMask = 0x0003_0000;
    private const uint ParameterizedKind = 0x0002_0000;
    private const uint DispatchMapFlag = 0x0004_0000;
    private const int PaddingShift = 5;
    private const uint PaddingMask = 7;
    private const int CategoryShift = 26;
    private const uint CategoryMask = 0x1F;
    private const uint ClassCategory = 0x14;
    private const uint InterfaceCategory = 0x15;

    private uint _flags;
    private uint _baseSize;
    private MethodTable* _related;
    private ushort _vtableSlots;
    private ushort _interfaces;
    private uint _hashCode;

    /// <summary>Bytes of an instance without its elements, the header before it included.</summary>
    internal readonly uint BaseSize => _baseSize;

    /// <summary>Bytes of an element of an array or string.</summary>
    internal readonly uint ComponentSize => _flags & 0xFFFF;

    /// <summary>Bytes of a boxed value: the instance without header, type pointer and padding.</summary>
    internal readonly uint ValueSize => _baseSize - 16 - (_flags >> PaddingShift & PaddingMask);

    internal readonly bool IsArray => (_flags & KindMask) == ParameterizedKind;

    internal readonly bool IsInterface => Category == InterfaceCategory;

    internal readonly bool IsValueType => Category is > 0 and < ClassCategory;

    /// <summary>The element type of an array.</summary>
    internal readonly MethodTable* ElementType => _related;

    /// <summary>The base class; null above object.</summary>
    internal readonly MethodTable* BaseType => _related;

    internal readonly bool HasDispatchMap => (_flags & DispatchMapFlag) != 0;

    internal readonly int VtableSlots => _vtableSlots;

    internal readonly int InterfaceCount => _interfaces;

    /// <summary>Which interface methods are implemented by which slots.</summary>
    internal void* DispatchMap => FollowRelative(&RelativePointers[2]);

    private readonly uint Category => _flags >> CategoryShift & CategoryMask;

    private nint* Vtable => (nint*)((MethodTable*)Unsafe.AsPointer(ref this) + 1);

    private MethodTable** Interfaces => (MethodTable**)(Vtable + _vtableSlots);

    private int* RelativePointers => (int*)(Interfaces + _interfaces);

    /// <summary>The MethodTable of a type; the compiler replaces the body.</summary>
    [Intrinsic]
    internal static MethodTable* Of<T>() => throw new NotSupportedException();

    /// <summary>The code of a virtual method.</summary>
    internal nint VirtualMethod(int slot) => Vtable[slot];

    /// <summary>The code of a method that no class can override.</summary>
    internal nint SealedMethod(int slot)
    {
        int* table = (int*)FollowRelative(&RelativePointers[HasDispatchMap ? 3 : 2]);
        return (nint)FollowRelative(&table[slot]);
    }

    /// <summary>An interface that the type implements.</summary>
    internal MethodTable* Interface(int index) => Interfaces[index];

    private static void* FollowRelative(int* pointer) => (byte*)pointer + *pointer;
}
