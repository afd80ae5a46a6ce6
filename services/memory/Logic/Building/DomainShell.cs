using System;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Memory;
using Microkernel.Services.Memory.Core;

namespace Microkernel.Services.Memory.Building;

/// <summary>A domain with vCPUs and memory, and nothing in it yet.</summary>
internal static class DomainShell
{
    /// <summary>Pages of guest memory outside of what a domain is told that it has: ACPI tables, console, store.</summary>
    internal const int ExtraPages = 3;

    /// <summary>The page of XenStore's ring.</summary>
    internal const ulong StorePage = 0xFEFFC;

    private const int PoolPagesPerVcpu = 256;
    private const int PagesPerPoolPage = 128;
    private const int LeastPoolPages = 256;

    /// <summary>The memory that such a domain takes of the host, with what the core needs for it.</summary>
    internal static ulong PagesFor(DomainConfig config, ulong maximumFrames) =>
        (ulong)config.MemoryFrames + ExtraPages + PoolPages(maximumFrames, config.VcpuCount);

    /// <summary>Bytes that the core needs for its structures about a domain.</summary>
    internal static ulong PoolFor(ulong maximumFrames, int vcpus) => PoolPages(maximumFrames, vcpus) << PhysicalMemory.FrameShift;

    /// <summary>Makes one; it is destroyed if that fails.</summary>
    /// <param name="hypervisor">The core.</param>
    /// <param name="id">A service's number, or 0 for a guest.</param>
    /// <param name="config">What it is to be.</param>
    /// <param name="maximumFrames">Memory that it may have later.</param>
    /// <param name="handle">Its universal id.</param>
    /// <param name="destroy">Destroys it.</param>
    /// <exception cref="HypervisorException">The core refuses it, or has not enough memory.</exception>
    internal static uint Make(IHypervisor hypervisor, uint id, DomainConfig config, ulong maximumFrames, DomainHandle handle, Action<uint> destroy)
    {
        uint domain = hypervisor.Create(id, config.VcpuCount, config.GrantV2, handle.Bytes);
        try
        {
            Fill(hypervisor, domain, config, maximumFrames);
            return domain;
        }
        catch
        {
            destroy(domain);
            throw;
        }
    }

    /// <summary>What the domain is told of its memory.</summary>
    internal static GuestMemoryMap MapOf(DomainConfig config)
    {
        GuestMemoryMap map = new();
        GuestLayout.Fill(map, config);
        return map;
    }

    private static void Fill(IHypervisor hypervisor, uint domain, DomainConfig config, ulong maximumFrames)
    {
        hypervisor.SetMaximum(domain, maximumFrames + ExtraPages);
        hypervisor.SetPool(domain, PoolFor(maximumFrames, config.VcpuCount));
        hypervisor.MakeVcpus(domain, config.VcpuCount);

        // Nobody else gets it while it is given piece by piece.
        hypervisor.Claim(domain, (ulong)config.MemoryFrames + ExtraPages);
        GuestMemoryMap map = MapOf(config);
        byte[] entries = new byte[map.Count * GuestMemoryMap.E820EntrySize];
        for (int i = 0; i < map.Count; i++)
            map.WriteE820(i, entries.AsSpan(i * GuestMemoryMap.E820EntrySize, GuestMemoryMap.E820EntrySize));
        hypervisor.SetMemoryMap(domain, entries, map.Count);
        MemoryFiller filler = new(hypervisor, domain);
        filler.Fill(config);
        filler.FillPage(GuestLayout.AcpiTables >> PhysicalMemory.FrameShift);
        filler.FillPage(GuestLayout.ConsoleGfn);
        filler.FillPage(StorePage);
        hypervisor.Claim(domain, 0);
    }

    // As the core has it for the domains that it builds itself (FramePool.SizeFor).
    private static ulong PoolPages(ulong frames, int vcpus) => (ulong)(PoolPagesPerVcpu * vcpus) + (frames / PagesPerPoolPage) + LeastPoolPages;
}
