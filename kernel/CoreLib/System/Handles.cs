namespace System;

/// <summary>What <c>ldtoken</c> gives for a type.</summary>
public struct RuntimeTypeHandle
{
    internal nint Value;
}

/// <summary>What <c>ldtoken</c> gives for a method.</summary>
public struct RuntimeMethodHandle
{
    internal nint Value;
}

/// <summary>What <c>ldtoken</c> gives for a field.</summary>
public struct RuntimeFieldHandle
{
    internal nint Value;
}

/// <summary>Named by attributes only; the core has no reflection.</summary>
public abstract class Type
{
}

/// <summary>Looked for by the compiler.</summary>
internal sealed class RuntimeType : Type
{
}
