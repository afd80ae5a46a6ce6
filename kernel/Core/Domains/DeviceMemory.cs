namespace Microkernel.Core.Domains;

/// <summary>Memory of a PCI device that an entry of the manifest gets: what is asked for, and where it was found at start.</summary>
public sealed class DeviceMemory(uint id, int bar)
{
    /// <summary>Vendor in the lower, device in the upper half, as in the first register of the device's configuration.</summary>
    public uint Id { get; } = id;

    /// <summary>Which of its base address registers.</summary>
    public int Bar { get; } = bar;

    /// <summary>First frame; 0 if there is no such device.</summary>
    public ulong Mfn { get; set; }

    /// <summary>Frames.</summary>
    public ulong FrameCount { get; set; }

    /// <summary>Where the domain sees it, its first page.</summary>
    public ulong Gfn { get; set; }
}
