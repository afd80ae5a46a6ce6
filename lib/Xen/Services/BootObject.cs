namespace Microkernel.Xen;

/// <summary>A file that the boot loader gave the core.</summary>
/// <param name="Index">Its number.</param>
/// <param name="Name">Its name.</param>
/// <param name="Size">Its bytes.</param>
public sealed record BootObject(int Index, string Name, long Size);
