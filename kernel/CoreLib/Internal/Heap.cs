using System;
using System.Runtime;

namespace Internal.Runtime;

/// <summary>
/// Where objects come from during start-up: memory is handed out once and never given back. After <see cref="Seal"/> an
/// allocation is a panic, except for an exception that is about to be thrown, which has memory of its own.
/// </summary>
public static unsafe class Heap
{
    // Sound, for everything here: memory between _next and _end is zero, the heap's own, and handed out once; one CPU
    // allocates during start-up. What the compiler passes as a type is one.
    private const int ExceptionReserve = 512;

    private static byte* _next;
    private static byte* _end;
    private static byte* _start;
    private static delegate*<byte*, byte*> _grow;
    private static bool _isSealed;

    /// <summary>Bytes handed out.</summary>
    public static ulong Used => (ulong)(_next - _start);

    /// <summary>Gives the heap its memory, which must read as zero.</summary>
    /// <param name="memory">The first byte, aligned to 16.</param>
    /// <param name="length">Number of bytes.</param>
    /// <param name="more">Makes memory usable from the current end up to at least the address it is given, and returns
    /// the new end; null when the heap cannot grow.</param>
    public static void Initialize(byte* memory, nuint length, delegate*<byte*, byte*> more)
    {
        _start = memory;
        _next = memory;
        _end = memory + length;
        _grow = more;
    }

    /// <summary>Ends start-up: from now on there is no allocation.</summary>
    public static void Seal()
    {
        _isSealed = true;
        if (Available < ExceptionReserve)
            _end = _grow(_next + ExceptionReserve);
    }

    private static long Available => _end - _next;

    /// <summary>Makes an object with its header and type pointer set and everything else zero.</summary>
    internal static MethodTable** Allocate(MethodTable* type, ulong size)
    {
        size = size + 7 & ~7UL;
        if (_isSealed && !TypeCast.IsException(type))
            Environment.Panic("allocation after start-up", null);
        if ((ulong)Available < size)
        {
            if (_grow == null || _isSealed)
                Environment.Panic("out of start-up memory", null);
            _end = _grow(_next + size);
        }

        // The word before the type pointer is the object header, which nothing here uses.
        MethodTable** result = (MethodTable**)(_next + 8);
        _next += size;
        *result = type;
        return result;
    }

    /// <summary>Makes an array or a string.</summary>
    internal static MethodTable** AllocateArray(MethodTable* type, nint length)
    {
        if ((ulong)length > int.MaxValue)
            ThrowHelper.Overflow();
        MethodTable** result = Allocate(type, type->BaseSize + (ulong)length * type->ComponentSize);
        *(int*)(result + 1) = (int)length;
        return result;
    }

    [RuntimeExport("RhpNewFast")]
    private static MethodTable** NewFast(MethodTable* type) => Allocate(type, type->BaseSize);

    [RuntimeExport("RhpNewArrayFast")]
    private static MethodTable** NewArrayFast(MethodTable* type, nint length) => AllocateArray(type, length);

    [RuntimeExport("RhpNewArray")]
    private static MethodTable** NewArray(MethodTable* type, nint length) => AllocateArray(type, length);

    [RuntimeExport("RhpNewPtrArrayFast")]
    private static MethodTable** NewPointerArrayFast(MethodTable* type, nint length) => AllocateArray(type, length);
}
