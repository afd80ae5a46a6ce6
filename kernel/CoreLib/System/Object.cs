namespace System;

/// <summary>The base of all types; its only field is the pointer to the type's MethodTable.</summary>
public unsafe class Object
{
    // Sound: the allocator sets it before anybody sees the object.
    internal Internal.Runtime.MethodTable* m_pEEType;

    /// <summary>Reference equality, unless a type overrides it.</summary>
    public virtual bool Equals(object? other) => ReferenceEquals(this, other);

    /// <summary>Nothing in the core hashes objects by identity.</summary>
    public virtual int GetHashCode() => 0;

    /// <summary>Whether both are the same object.</summary>
    public static bool ReferenceEquals(object? left, object? right) => left == right;

    /// <summary>The address of the first field.</summary>
    internal ref byte GetRawData() => ref Runtime.CompilerServices.Unsafe.As<RawData>(this).Data;

    private sealed class RawData
    {
        public byte Data;
    }
}
