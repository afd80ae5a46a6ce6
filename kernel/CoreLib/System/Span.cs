using System.Runtime.CompilerServices;

namespace System;

/// <summary>
/// A bounded window on memory. Every index is checked, and masked as well, so that a mispredicted check reads element
/// zero and not memory that a guest chose.
/// </summary>
public readonly ref struct Span<T>
{
    private readonly ref T _reference;
    private readonly int _length;

    /// <summary>All elements of an array.</summary>
    public Span(T[]? array)
    {
        if (array == null)
        {
            this = default;
            return;
        }

        _reference = ref Unsafe.As<byte, T>(ref array.GetRawArrayData());
        _length = array.Length;
    }

    /// <summary>A number of elements of an array from a place on.</summary>
    public Span(T[]? array, int start, int length) => this = new Span<T>(array).Slice(start, length);

    /// <summary>Memory of the caller's own; it answers for the length.</summary>
    /// <param name="pointer">The first element.</param>
    /// <param name="length">Number of elements.</param>
    public unsafe Span(void* pointer, int length)
    {
        if (length < 0)
            ThrowHelper.ArgumentOutOfRange();
        // Sound if the caller is right about the memory, which only code that may be unsafe can be asked.
        _reference = ref Unsafe.AsRef<T>(pointer);
        _length = length;
    }

    /// <summary>One element.</summary>
    public Span(ref T reference)
    {
        _reference = ref reference;
        _length = 1;
    }

    internal Span(ref T reference, int length)
    {
        _reference = ref reference;
        _length = length;
    }

    /// <summary>Number of elements.</summary>
    public int Length => _length;

    /// <summary>Whether there is no element.</summary>
    public bool IsEmpty => _length == 0;

    /// <summary>The element at an index; panics outside.</summary>
    public ref T this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            if ((uint)index >= (uint)_length)
                ThrowHelper.IndexOutOfRange();
            return ref Unsafe.Add(ref _reference, SpanHelpers.MaskIndex(index, _length));
        }
    }

    /// <summary>The elements from a place on.</summary>
    public Span<T> Slice(int start)
    {
        if ((uint)start > (uint)_length)
            ThrowHelper.ArgumentOutOfRange();
        return new(ref Unsafe.Add(ref _reference, SpanHelpers.MaskStart(start, _length)), _length - start);
    }

    /// <summary>A number of elements from a place on.</summary>
    public Span<T> Slice(int start, int length)
    {
        if ((ulong)(uint)start + (uint)length > (uint)_length)
            ThrowHelper.ArgumentOutOfRange();
        return new(ref Unsafe.Add(ref _reference, SpanHelpers.MaskStart(start, _length)), length);
    }

    /// <summary>Writes zeroes.</summary>
    public void Clear() =>
        SpanHelpers.ClearWithoutReferences(ref Unsafe.As<T, byte>(ref _reference), (nuint)_length * (nuint)Unsafe.SizeOf<T>());

    /// <summary>Writes one value to every element.</summary>
    public void Fill(T value)
    {
        if (Unsafe.SizeOf<T>() == sizeof(byte))
        {
            SpanHelpers.Fill(ref Unsafe.As<T, byte>(ref _reference), Unsafe.As<T, byte>(ref value), (nuint)_length);
            return;
        }

        if (Unsafe.SizeOf<T>() == sizeof(ulong))
        {
            SpanHelpers.Fill(ref Unsafe.As<T, ulong>(ref _reference), Unsafe.As<T, ulong>(ref value), (nuint)_length);
            return;
        }

        for (int i = 0; i < _length; i++)
            Unsafe.Add(ref _reference, i) = value;
    }

    /// <summary>Copies all elements to the start of another span; panics if they do not fit.</summary>
    public void CopyTo(Span<T> destination) => ((ReadOnlySpan<T>)this).CopyTo(destination);

    // Sound: nothing is read through the address of an empty span.

    /// <summary>For <c>fixed</c>: the first element, or nothing.</summary>
    public unsafe ref T GetPinnableReference() => ref _length == 0 ? ref Unsafe.AsRef<T>(null) : ref _reference;

    /// <summary>The address of the first element, also when there is none.</summary>
    internal ref T Reference => ref _reference;

    /// <summary>An array is a span of its elements.</summary>
    public static implicit operator Span<T>(T[]? array) => new(array);

    /// <summary>The same window, for reading.</summary>
    public static implicit operator ReadOnlySpan<T>(Span<T> span) => new(ref span._reference, span._length);

    /// <summary>For <c>foreach</c>.</summary>
    public Enumerator GetEnumerator() => new(this);

    /// <summary>Walks over the elements.</summary>
    public ref struct Enumerator
    {
        private readonly Span<T> _span;
        private int _index;

        internal Enumerator(Span<T> span)
        {
            _span = span;
            _index = -1;
        }

        /// <summary>The element reached.</summary>
        public readonly ref T Current => ref _span[_index];

        /// <summary>Goes to the next element, if there is one.</summary>
        public bool MoveNext() => ++_index < _span.Length;
    }
}
