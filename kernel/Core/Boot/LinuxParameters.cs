namespace Microkernel.Core.Boot;

/// <summary>What the builder tells a Linux image in its boot parameters; addresses are guest-physical and below 4 GiB.</summary>
public struct LinuxParameters
{
    public ulong Entry;
    public ulong CommandLine;
    public ulong RamdiskStart;
    public ulong RamdiskLength;
    public ulong AcpiRoot;
}
