using System;
using System.Collections.Generic;

namespace Mk.Boot;

/// <summary>A guest as the operator asks for it, checked.</summary>
/// <param name="Name">The domain's name.</param>
/// <param name="KernelPath">Full path of the kernel image.</param>
/// <param name="RamdiskPath">Full path of the initial RAM disk, or null.</param>
/// <param name="CommandLine">The kernel's command line; may be empty.</param>
/// <param name="MemoryMiB">Memory in MiB.</param>
/// <param name="Vcpus">Number of virtual CPUs.</param>
/// <param name="OnPoweroff">What happens after a power-off.</param>
/// <param name="OnReboot">What happens after a reboot.</param>
/// <param name="OnCrash">What happens after a crash.</param>
/// <param name="GrantV2">Whether the guest may switch its grant table to version 2.</param>
/// <param name="ServiceLines">What the boot manifest gives it as a service: lines about privileges, rings, kept memory and devices.</param>
public sealed record GuestConfig(
    string Name,
    string KernelPath,
    string? RamdiskPath,
    string CommandLine,
    long MemoryMiB,
    int Vcpus,
    EndAction OnPoweroff = EndAction.Destroy,
    EndAction OnReboot = EndAction.Restart,
    EndAction OnCrash = EndAction.Destroy,
    bool GrantV2 = false,
    IReadOnlyList<string>? ServiceLines = null)
{
    /// <summary>The most memory that it may have while it runs, in MiB.</summary>
    public long MaximumMemoryMiB { get; init; } = MemoryMiB;

    /// <summary>The most virtual CPUs that it may use while it runs.</summary>
    public int MaximumVcpus { get; init; } = Vcpus;

    /// <summary>Its UUID; null for one that is made up.</summary>
    public Guid? Uuid { get; init; }

    /// <summary>Its share of the CPUs beside other domains; null for the usual one.</summary>
    public uint? CpuWeight { get; init; }

    /// <summary>The most of the CPUs that it gets, in percent of one, 0 for all; null for the usual.</summary>
    public uint? CpuCap { get; init; }

    /// <summary>The CPUs that it may run on, a bit each; 0 for all of its pool.</summary>
    public ulong CpuPin { get; init; }

    /// <summary>The pool whose CPUs it runs on; empty for the default pool.</summary>
    public string CpuPool { get; init; } = "";
}
