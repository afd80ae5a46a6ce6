using System.Collections.Generic;
using System.Linq;
using System.Text;
using Mk.Images;

namespace Mk.Boot;

/// <summary>The manifest of the whole system: the memory service, which the core builds, and the services that it builds in turn.</summary>
public static class SystemManifest
{
    /// <summary>The services, in the order of their domains, which begin with 1.</summary>
    public static IReadOnlyList<string> Services { get; } = ["memory", "xenstore", "scheduler", "qemu-dm", "toolstack"];

    private const string Memory = "96M";

    // Guests that compute without end must not keep a service from its work, or from coming back.
    private const string Weight = "4096";

    /// <summary>What each service is given beside memory: privileges, rings to peers that stand after it, and so on.</summary>
    private static readonly Dictionary<string, string[]> Lines = new()
    {
        ["memory"] =
        [
            "privilege build info events",
            "kept 4K",
            "ring xenstore 64K",
            "ring scheduler 64K",
            "ring qemu-dm 64K",
            "ring toolstack 1M",
        ],
        ["xenstore"] = [],
        ["scheduler"] = ["privilege control info", "kept 64K"],
        ["qemu-dm"] = [],
        ["toolstack"] =
        [
            "privilege control info log doorbell",
            "device 1af4:1110 2",
            "ring xenstore 64K",
            "ring scheduler 64K",
            "ring qemu-dm 256K",
        ],
    };

    /// <summary>The manifest's text.</summary>
    /// <param name="store">What XenStore's domain is given; null for what is usual.</param>
    public static string Write(StoreSize? store = null)
    {
        var text = new StringBuilder("# Written by mk. docs/manifest.md explains the format.\nslots 32\nslot_vcpus 64\n");
        foreach (string name in Services)
            Append(text, name, name == "xenstore" ? store ?? StoreSize.Usual : null);
        return text.ToString();
    }

    /// <summary>The files that the manifest names, from a folder of images.</summary>
    /// <param name="pathOf">Where an image is.</param>
    /// <param name="store">What XenStore's domain is given; null for what is usual.</param>
    public static BootSet Set(System.Func<string, string> pathOf, StoreSize? store = null) => new(
        Write(store), [.. Services.Select(ImageOf).Prepend(ServiceKernel.FileName).Select(file => new BootModule(file, pathOf(file)))]);

    /// <summary>The number of a service's domain.</summary>
    public static uint DomainOf(string service) => (uint)(Services.TakeWhile(name => name != service).Count() + 1);

    /// <summary>The initial file system of a service.</summary>
    public static string ImageOf(string service) => service + ".img";

    private static void Append(StringBuilder text, string name, StoreSize? store)
    {
        // The core builds the first entry itself; the others are built from the boot modules by it.
        text.Append(name == Services[0] ? "domain " : "service ").Append(name).Append('\n');
        string[] common =
        [
            "kernel " + ServiceKernel.FileName, "ramdisk " + ImageOf(name), "cmdline " + ServiceImage.CommandLine, store is null ? "memory " + Memory : $"memory {store.MemoryMiB}M", "weight " + Weight,
            "on_poweroff restart", "on_reboot restart", "on_crash restart",
        ];
        string[] kept = store is null ? [] : [$"kept {store.KeptMiB}M"];
        foreach (string line in common.Concat(Lines[name]).Concat(kept))
            text.Append("  ").Append(line).Append('\n');
    }
}
