namespace Microkernel.Services.Memory.Core;

/// <summary>A file that the boot loader gave the core.</summary>
/// <param name="Index">Its number.</param>
/// <param name="Name">Its name.</param>
/// <param name="Size">Bytes.</param>
public sealed record BootFile(int Index, string Name, ulong Size);
