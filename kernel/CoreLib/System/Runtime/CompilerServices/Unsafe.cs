#pragma warning disable CS8500 // addresses of managed types: nothing in the core moves

namespace System.Runtime.CompilerServices;

/// <summary>
/// Changes of type that the language forbids; for kernel/CoreLib and kernel/Platform only. The compiler replaces the
/// bodies that throw.
/// </summary>
public static unsafe class Unsafe
{
    // Sound only where the caller says why; the bodies here are the compiler's.

    /// <summary>The same object as another type.</summary>
    [Intrinsic]
    public static T As<T>(object? value)
        where T : class? => throw new NotSupportedException();

    /// <summary>The same place as another type.</summary>
    [Intrinsic]
    public static ref TTo As<TFrom, TTo>(ref TFrom source)
        where TFrom : allows ref struct
        where TTo : allows ref struct => throw new NotSupportedException();

    /// <summary>The place that a pointer names.</summary>
    [Intrinsic]
    public static ref T AsRef<T>(void* source)
        where T : allows ref struct => throw new NotSupportedException();

    /// <summary>A read-only place made writable.</summary>
    [Intrinsic]
    public static ref T AsRef<T>(scoped ref readonly T source)
        where T : allows ref struct => throw new NotSupportedException();

    /// <summary>The address of a place.</summary>
    [Intrinsic]
    public static void* AsPointer<T>(ref readonly T value)
        where T : allows ref struct => throw new NotSupportedException();

    /// <summary>The place a number of elements further.</summary>
    [Intrinsic]
    public static ref T Add<T>(ref T source, int elementOffset) => throw new NotSupportedException();

    /// <inheritdoc cref="Add{T}(ref T, int)"/>
    [Intrinsic]
    public static ref T Add<T>(ref T source, nint elementOffset) => throw new NotSupportedException();

    /// <summary>The place a number of bytes further.</summary>
    [Intrinsic]
    public static ref T AddByteOffset<T>(ref T source, nint byteOffset) => throw new NotSupportedException();

    /// <summary>Whether both are the same place.</summary>
    [Intrinsic]
    public static bool AreSame<T>(ref readonly T left, ref readonly T right) => throw new NotSupportedException();

    /// <summary>Size of a value in bytes.</summary>
    public static int SizeOf<T>()
        where T : allows ref struct => sizeof(T);

    /// <summary>Reads a value from a place of any alignment.</summary>
    [Intrinsic]
    public static T ReadUnaligned<T>(void* source) => throw new NotSupportedException();

    /// <inheritdoc cref="ReadUnaligned{T}(void*)"/>
    [Intrinsic]
    public static T ReadUnaligned<T>(ref readonly byte source) => throw new NotSupportedException();

    /// <summary>Writes a value to a place of any alignment.</summary>
    [Intrinsic]
    public static void WriteUnaligned<T>(void* destination, T value) => throw new NotSupportedException();

    /// <inheritdoc cref="WriteUnaligned{T}(void*, T)"/>
    [Intrinsic]
    public static void WriteUnaligned<T>(ref byte destination, T value) => throw new NotSupportedException();

    /// <summary>A variable that need not be written before it is passed on.</summary>
    [Intrinsic]
    public static void SkipInit<T>(out T value)
        where T : allows ref struct => throw new NotSupportedException();
}
