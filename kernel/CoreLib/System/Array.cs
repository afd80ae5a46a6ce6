using System.Runtime.CompilerServices;

namespace System;

/// <summary>The base of all arrays; made during start-up only.</summary>
public abstract class Array
{
    internal int _numComponents;

    /// <summary>Number of elements.</summary>
    public int Length => _numComponents;

    /// <summary>The address of the first element, whatever the element type.</summary>
    internal ref byte GetRawArrayData() => ref Unsafe.As<RawArrayData>(this).Data;

    private sealed class RawArrayData
    {
        public int Length;
        public int Padding;
        public byte Data;
    }
}

/// <summary>The type that the compiler takes the methods of one-dimensional arrays from.</summary>
internal abstract class Array<T> : Array
{
}
