using System;
using Microkernel.Core.Hardware;
using Microkernel.Core.Logging;

namespace Microkernel.Core.Boot;

/// <summary>From the machine that Platform has found to a kernel with its domains ready to be built.</summary>
public static class Startup
{
    private const ulong LargestManifest = 64 * 1024;

    /// <summary>
    /// Reads the manifest (the module of that name) and makes everything the core will ever need. Only during start-up: it
    /// allocates. A manifest with mistakes stops the machine, with every mistake in the log.
    /// </summary>
    public static Kernel Prepare(Machine machine, BootInformation boot)
    {
        Kernel kernel = new(machine, boot);
        BootModule? module = FindManifest(boot);
        if (module == null)
            machine.Panic("the boot loader has loaded no module 'manifest': it names the domains to start");

        byte[] text = new byte[(int)Math.Min(module!.Length, LargestManifest)];
        new ModuleReader(machine.Memory, module).TryRead(0, text);
        Manifest manifest = ManifestReader.Read(text, boot.Modules);
        if (manifest.ErrorCount != 0)
        {
            Report(kernel.Log, manifest);
            machine.Panic("the boot manifest has mistakes");
        }

        kernel.Prepare(manifest.Domains, manifest.Slots, manifest.SlotVcpus);
        return kernel;
    }

    private static BootModule? FindManifest(BootInformation boot)
    {
        foreach (BootModule module in boot.Modules)
        {
            if (((ReadOnlySpan<byte>)module.Name).SequenceEqual("manifest"u8))
                return module;
        }

        return null;
    }

    private static void Report(Log log, Manifest manifest)
    {
        foreach (ManifestError error in manifest.Errors)
            log.Write($"manifest, line {error.Line}: {error.Message}");
    }
}
