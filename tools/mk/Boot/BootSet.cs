using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Mk.Boot;

/// <summary>What is booted: the manifest and the modules it names.</summary>
/// <param name="Manifest">The manifest's text.</param>
/// <param name="Modules">The modules, without the manifest.</param>
public sealed record BootSet(string Manifest, IReadOnlyList<BootModule> Modules)
{
    /// <summary>The module name that the core looks for first.</summary>
    public const string ManifestName = "manifest";

    /// <summary>The set for some guests. A file that several guests use becomes one module.</summary>
    public static BootSet For(IReadOnlyList<GuestConfig> guests)
    {
        var modules = new List<BootModule>();
        var domains = guests.Select(guest => new ManifestDomain(
            guest,
            Module(modules, guest.KernelPath, "kernel"),
            guest.RamdiskPath is { } path ? Module(modules, path, "ramdisk") : null)).ToList();
        return new BootSet(BootManifest.Write(domains), modules);
    }

    /// <summary>
    /// Writes the manifest into a folder and links to the modules beside it, so that every name QEMU sees is plain,
    /// whatever the operator's files are called.
    /// </summary>
    public void LinkInto(string folder)
    {
        File.WriteAllText(Path.Combine(folder, ManifestName), Manifest);
        foreach (BootModule module in Modules)
            File.CreateSymbolicLink(Path.Combine(folder, module.Name), module.Path);
    }

    /// <summary>Bytes of all modules.</summary>
    public long ModuleBytes() => Modules.Sum(static m => new FileInfo(m.Path).Length);

    private static string Module(List<BootModule> modules, string path, string use)
    {
        if (modules.Find(m => m.Path == path) is { } known)
            return known.Name;
        string name = $"{modules.Count}-{use}";
        modules.Add(new BootModule(name, path));
        return name;
    }
}
