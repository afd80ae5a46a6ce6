namespace System.Runtime;

/// <summary>The linker finds the method under this name.</summary>
public sealed class RuntimeImportAttribute(string library, string entryPoint) : Attribute
{
    /// <summary>Unused: everything is linked into one image.</summary>
    public string Library { get; } = library;

    /// <summary>The name.</summary>
    public string EntryPoint { get; } = entryPoint;
}

/// <summary>Gives the method a name for the linker.</summary>
public sealed class RuntimeExportAttribute(string entryPoint) : Attribute
{
    /// <summary>The name.</summary>
    public string EntryPoint { get; } = entryPoint;
}
