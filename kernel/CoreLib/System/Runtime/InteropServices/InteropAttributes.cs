namespace System.Runtime.InteropServices;

/// <summary>How the fields of a type lie.</summary>
public enum LayoutKind
{
    /// <summary>In their order.</summary>
    Sequential = 0,

    /// <summary>Each where its attribute says.</summary>
    Explicit = 2,

    /// <summary>As the compiler likes.</summary>
    Auto = 3,
}

/// <summary>Named by the metadata only.</summary>
public enum CharSet
{
    /// <summary>None.</summary>
    None = 1,

    /// <summary>8 bits.</summary>
    Ansi = 2,

    /// <summary>16 bits.</summary>
    Unicode = 3,
}

/// <summary>Named by the metadata only.</summary>
public enum UnmanagedType
{
    /// <summary>None.</summary>
    None = 0,
}

/// <summary>How the fields of a type lie.</summary>
public sealed class StructLayoutAttribute(LayoutKind layoutKind) : Attribute
{
    /// <summary>Size in bytes, if larger than what the fields need.</summary>
    public int Size;

    /// <summary>The largest alignment.</summary>
    public int Pack;

    /// <summary>Unused.</summary>
    public CharSet CharSet;

    /// <summary>How.</summary>
    public LayoutKind Value { get; } = layoutKind;
}

/// <summary>Where a field lies.</summary>
public sealed class FieldOffsetAttribute(int offset) : Attribute
{
    /// <summary>Bytes from the start.</summary>
    public int Value { get; } = offset;
}

/// <summary>Marks a parameter that is read only.</summary>
public sealed class InAttribute : Attribute;

/// <summary>Marks a parameter that is written only.</summary>
public sealed class OutAttribute : Attribute;

/// <summary>The method is called from assembly.</summary>
public sealed class UnmanagedCallersOnlyAttribute : Attribute
{
    /// <summary>The name for the linker.</summary>
    public string? EntryPoint;

    /// <summary>The calling convention.</summary>
    public Type[]? CallConvs;
}

/// <summary>The method is written in assembly.</summary>
public sealed class DllImportAttribute(string dllName) : Attribute
{
    /// <summary>The name for the linker.</summary>
    public string? EntryPoint;

    /// <summary>Whether the name is not changed.</summary>
    public bool ExactSpelling;

    /// <summary>Unused.</summary>
    public string Value { get; } = dllName;
}

/// <summary>Left out of the transition to native code.</summary>
public sealed class SuppressGCTransitionAttribute : Attribute;

/// <summary>The compiler looks for it; nothing implements it.</summary>
public interface IDynamicInterfaceCastable
{
    /// <summary>Unused.</summary>
    RuntimeTypeHandle GetDynamicInterfaceImplementation(RuntimeTypeHandle interfaceType);
}
