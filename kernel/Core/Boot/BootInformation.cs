using Microkernel.Core.Memory;

namespace Microkernel.Core.Boot;

/// <summary>What the boot loader handed over, once Platform has read and copied it.</summary>
public sealed class BootInformation
{
    /// <summary>The host's memory: what the core and the modules take is marked, the rest is free.</summary>
    public HostMemory Memory { get; init; } = null!;

    /// <summary>The boot modules in their order.</summary>
    public BootModule[] Modules { get; init; } = [];

    /// <summary>Option audit: the memory records are checked after every end of a domain.</summary>
    public bool AuditsEnds { get; init; }

    /// <summary>The core's command line.</summary>
    public byte[] CommandLine { get; init; } = [];
}
