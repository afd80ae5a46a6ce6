namespace Microkernel.Core.Boot;

/// <summary>A file the boot loader put into memory. Its frames belong to the core and stay as they are.</summary>
public sealed class BootModule
{
    /// <summary>Last component of the path it was loaded from.</summary>
    public byte[] Name { get; init; } = [];

    /// <summary>The rest of the module's string.</summary>
    public byte[] Arguments { get; init; } = [];

    /// <summary>Physical address; need not be the start of a frame.</summary>
    public ulong Address { get; init; }

    /// <summary>Bytes.</summary>
    public ulong Length { get; init; }
}
