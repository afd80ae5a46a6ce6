namespace System;

/// <summary>The base of all value types.</summary>
public abstract class ValueType
{
}

/// <summary>The base of all enumerations.</summary>
public abstract class Enum : ValueType
{
}

/// <summary>No value.</summary>
public struct Void
{
}

/// <summary>True or false, one byte.</summary>
public struct Boolean
{
}

/// <summary>A UTF-16 code unit.</summary>
public struct Char
{
    /// <summary>The largest value.</summary>
    public const char MaxValue = '\uffff';
}

/// <summary>A signed 8-bit integer.</summary>
public struct SByte
{
    /// <summary>The largest value.</summary>
    public const sbyte MaxValue = 127;

    /// <summary>The smallest value.</summary>
    public const sbyte MinValue = -128;
}

/// <summary>An unsigned 8-bit integer.</summary>
public struct Byte : IEquatable<byte>
{
    /// <summary>The largest value.</summary>
    public const byte MaxValue = 255;

    /// <summary>The smallest value.</summary>
    public const byte MinValue = 0;

    /// <inheritdoc/>
    public bool Equals(byte other) => this == other;
}

/// <summary>A signed 16-bit integer.</summary>
public struct Int16
{
    /// <summary>The largest value.</summary>
    public const short MaxValue = 0x7FFF;

    /// <summary>The smallest value.</summary>
    public const short MinValue = -0x8000;
}

/// <summary>An unsigned 16-bit integer.</summary>
public struct UInt16 : IEquatable<ushort>
{
    /// <summary>The largest value.</summary>
    public const ushort MaxValue = 0xFFFF;

    /// <summary>The smallest value.</summary>
    public const ushort MinValue = 0;

    /// <inheritdoc/>
    public bool Equals(ushort other) => this == other;
}

/// <summary>A signed 32-bit integer.</summary>
public struct Int32 : IEquatable<int>, IComparable<int>
{
    /// <summary>The largest value.</summary>
    public const int MaxValue = 0x7FFFFFFF;

    /// <summary>The smallest value.</summary>
    public const int MinValue = -0x7FFFFFFF - 1;

    /// <inheritdoc/>
    public bool Equals(int other) => this == other;

    /// <inheritdoc/>
    public int CompareTo(int other) => this < other ? -1 : this > other ? 1 : 0;
}

/// <summary>An unsigned 32-bit integer.</summary>
public struct UInt32 : IEquatable<uint>, IComparable<uint>
{
    /// <summary>The largest value.</summary>
    public const uint MaxValue = 0xFFFFFFFF;

    /// <summary>The smallest value.</summary>
    public const uint MinValue = 0;

    /// <inheritdoc/>
    public bool Equals(uint other) => this == other;

    /// <inheritdoc/>
    public int CompareTo(uint other) => this < other ? -1 : this > other ? 1 : 0;
}

/// <summary>A signed 64-bit integer.</summary>
public struct Int64 : IEquatable<long>, IComparable<long>
{
    /// <summary>The largest value.</summary>
    public const long MaxValue = 0x7FFFFFFFFFFFFFFF;

    /// <summary>The smallest value.</summary>
    public const long MinValue = -0x7FFFFFFFFFFFFFFF - 1;

    /// <inheritdoc/>
    public bool Equals(long other) => this == other;

    /// <inheritdoc/>
    public int CompareTo(long other) => this < other ? -1 : this > other ? 1 : 0;
}

/// <summary>An unsigned 64-bit integer.</summary>
public struct UInt64 : IEquatable<ulong>, IComparable<ulong>
{
    /// <summary>The largest value.</summary>
    public const ulong MaxValue = 0xFFFFFFFFFFFFFFFF;

    /// <summary>The smallest value.</summary>
    public const ulong MinValue = 0;

    /// <inheritdoc/>
    public bool Equals(ulong other) => this == other;

    /// <inheritdoc/>
    public int CompareTo(ulong other) => this < other ? -1 : this > other ? 1 : 0;
}

/// <summary>A signed integer of the size of a pointer.</summary>
public struct IntPtr
{
    /// <summary>Zero.</summary>
    public static nint Zero => 0;
}

/// <summary>An unsigned integer of the size of a pointer.</summary>
public struct UIntPtr
{
    /// <summary>Zero.</summary>
    public static nuint Zero => 0;
}

/// <summary>A 32-bit floating-point number; the core uses none.</summary>
public struct Single
{
}

/// <summary>A 64-bit floating-point number; the core uses none.</summary>
public struct Double
{
}
