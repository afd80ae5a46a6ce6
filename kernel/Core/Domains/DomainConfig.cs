using System;
using System.Runtime.InteropServices;
using Microkernel.Core.Memory;

namespace Microkernel.Core.Domains;

/// <summary>
/// What the boot manifest says of a domain, read once at start. For a domain that domctl makes: what was said then, with the identity and
/// the privileges of the manifest.
/// </summary>
public sealed class DomainConfig
{
    /// <summary>Most virtual CPUs of a domain.</summary>
    public const int MostVcpus = 128;

    /// <summary>Weight of a domain that says nothing else, as in Xen's credit schedulers.</summary>
    public const int DefaultWeight = 256;

    /// <summary>Unique name, ASCII.</summary>
    public byte[] Name = [];

    /// <summary>Index of the boot module with the kernel.</summary>
    public int KernelModule = -1;

    /// <summary>Index of the boot module with the initial RAM disk; -1 for none.</summary>
    public int RamdiskModule = -1;

    /// <summary>The kernel's command line, without terminator.</summary>
    public byte[] CommandLine = [];

    /// <summary>Guest memory in frames.</summary>
    public long MemoryFrames;

    /// <summary>Virtual CPUs.</summary>
    public int VcpuCount = 1;

    /// <summary>Weight of each at first.</summary>
    public int Weight = DefaultWeight;

    /// <summary>What follows a power-off.</summary>
    public EndAction OnPoweroff = EndAction.Destroy;

    /// <summary>What follows a reboot.</summary>
    public EndAction OnReboot = EndAction.Restart;

    /// <summary>What follows a crash, also one that the watchdog found.</summary>
    public EndAction OnCrash = EndAction.Destroy;

    /// <summary>The domain may use version 2 grant tables.</summary>
    public bool GrantV2;

    /// <summary>domctl makes it, not the core.</summary>
    public bool IsService;

    /// <summary>Its next incarnation has the same id: others know it by that.</summary>
    public bool KeepsId => IsService || HasRing || Privileges != Privilege.None || Kept.Count != 0 || Devices.Length != 0;

    /// <summary>Its vCPUs have a floor, which no policy can take away.</summary>
    public bool HasFloor => IsService || Privileges != Privilege.None;

    /// <summary>It is a side of a ring.</summary>
    public bool HasRing;

    /// <summary>Memory that its next incarnation gets back as it was.</summary>
    public LentMemory Kept = new(0);

    /// <summary>Devices whose memory it gets.</summary>
    public DeviceMemory[] Devices = [];

    /// <summary>What it may do beyond its own affairs.</summary>
    public Privilege Privileges;

    /// <summary>Writes an id made from the name, which is unique on this host: an RFC 9562 UUID of version 8.</summary>
    public void WriteHandle(Span<byte> handle)
    {
        MemoryMarshal.Write(handle, Hash(Name, 0xCBF29CE484222325));
        MemoryMarshal.Write(handle.Slice(8), Hash(Name, 0x84222325CBF29CE4));
        handle[6] = (byte)(0x80 | (handle[6] & 0x0F));
        handle[8] = (byte)(0x80 | (handle[8] & 0x3F));
    }

    // FNV-1a.
    private static ulong Hash(ReadOnlySpan<byte> text, ulong basis)
    {
        foreach (byte value in text)
            basis = unchecked((basis ^ value) * 0x100000001B3);

        return basis;
    }

    /// <summary>The action for an end of the given kind.</summary>
    public EndAction ActionFor(ShutdownReason reason) => reason switch
    {
        ShutdownReason.Poweroff => OnPoweroff,
        ShutdownReason.Reboot => OnReboot,
        ShutdownReason.Suspend => EndAction.Preserve,
        _ => OnCrash,
    };
}
