using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Microkernel.Core.Boot;
using Microkernel.Core.Domains;
using Microkernel.Services.Memory.Core;

namespace Microkernel.Services.Memory.Supervision;

/// <summary>The boot manifest, read again by the core's own source: it has made sure that there is no mistake in it.</summary>
public static class ServiceManifest
{
    private const string FileName = "manifest";
    private const ulong LargestManifest = 64 * 1024;

    /// <summary>The entries that this service has to start.</summary>
    /// <exception cref="InvalidDataException">There is no manifest, or it is not what the core has started by.</exception>
    public static IReadOnlyList<ServiceEntry> ReadServices(IHypervisor hypervisor)
    {
        DomainConfig[] domains = Read(hypervisor).Domains;
        return [.. Enumerable.Range(1, domains.Length).Select(id => EntryOf(hypervisor, domains, id)).Where(static e => e.Config.IsService)];
    }

    /// <summary>The entry of this service itself.</summary>
    public static ServiceEntry ReadOwn(IHypervisor hypervisor) => EntryOf(hypervisor, Read(hypervisor).Domains, (int)hypervisor.OwnDomain);

    /// <summary>The number of an entry; 0 if there is none of that name.</summary>
    public static uint FindEntry(IHypervisor hypervisor, string name) =>
        (uint)(Array.FindIndex(Read(hypervisor).Domains, d => Encoding.ASCII.GetString(d.Name) == name) + 1);

    private static ServiceEntry EntryOf(IHypervisor hypervisor, DomainConfig[] domains, int id)
    {
        DomainConfig config = domains[id - 1];
        return new ServiceEntry((uint)id, config, hypervisor.Files[config.KernelModule], config.RamdiskModule < 0 ? null : hypervisor.Files[config.RamdiskModule]);
    }

    private static Manifest Read(IHypervisor hypervisor)
    {
        BootFile file = hypervisor.Files.FirstOrDefault(static f => f.Name == FileName) ?? throw new InvalidDataException("the boot loader gave no manifest");
        byte[] text = new byte[ulong.Min(file.Size, LargestManifest)];
        int length = hypervisor.ReadFile(file.Index, 0, text);
        BootModule[] modules = [.. hypervisor.Files.Select(static f => new BootModule { Name = Encoding.ASCII.GetBytes(f.Name), Length = f.Size })];
        Manifest manifest = ManifestReader.Read(text[..length], modules);
        if (manifest.ErrorCount != 0)
            throw new InvalidDataException($"manifest, line {manifest.Errors[0].Line}: {manifest.Errors[0].Message}");
        return manifest;
    }
}
