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
        Manifest manifest = Read(hypervisor);
        return
        [
            .. manifest.Domains.Select(static (config, index) => (Config: config, Id: (uint)index + 1)).Where(static e => e.Config.IsService)
                .Select(e => new ServiceEntry(e.Id, e.Config, hypervisor.Files[e.Config.KernelModule],
                    e.Config.RamdiskModule < 0 ? null : hypervisor.Files[e.Config.RamdiskModule])),
        ];
    }

    /// <summary>The number of an entry; 0 if there is none of that name.</summary>
    public static uint FindEntry(IHypervisor hypervisor, string name) =>
        (uint)(Array.FindIndex(Read(hypervisor).Domains, d => Encoding.ASCII.GetString(d.Name) == name) + 1);

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
