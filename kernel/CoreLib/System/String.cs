using System.Runtime.CompilerServices;

namespace System;

/// <summary>Text that the compiler put into the image; the core makes no strings at run time.</summary>
public sealed class String
{
    private readonly int _stringLength;
    private readonly char _firstChar;

    private String()
    {
    }

    /// <summary>Number of UTF-16 code units.</summary>
    public int Length => _stringLength;

    /// <summary>The code unit at a place; panics outside the text.</summary>
    public char this[int index]
    {
        get
        {
            if ((uint)index >= (uint)_stringLength)
                ThrowHelper.IndexOutOfRange();
            return Unsafe.Add(ref Unsafe.AsRef(in _firstChar), index);
        }
    }

    /// <summary>The first code unit; there is always one, the terminating zero.</summary>
    internal ref readonly char FirstChar => ref _firstChar;
}
