namespace Mk.Boot;

/// <summary>A file that the boot loader hands to the core.</summary>
/// <param name="Name">The name the manifest knows it by: no blank, slash or comma.</param>
/// <param name="Path">The file's full path.</param>
public sealed record BootModule(string Name, string Path);
