using System;
using Microkernel.Core.Domains;
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

        FindDevices(kernel, manifest);
        kernel.Domains.Rings = manifest.Rings;
        kernel.Prepare(manifest.Domains, manifest.Slots, manifest.SlotVcpus);
        return kernel;
    }

    /// <summary>The free frames are there: takes the memory that the core lends. A host without enough of it stops.</summary>
    public static void TakeLentMemory(Kernel kernel)
    {
        bool taken = true;
        foreach (RingConfig ring in kernel.Domains.Rings)
            taken &= ring.Memory.TryFill(kernel.Memory);

        foreach (Domain domain in kernel.Domains.Slots)
            taken &= domain.Config.Kept.TryFill(kernel.Memory);

        if (!taken)
            kernel.Machine.Panic("the host has not enough memory for the rings and the kept memory of the manifest");
    }

    // Each device's memory lies at a multiple of its size, as it does on the bus.
    private static void FindDevices(Kernel kernel, Manifest manifest)
    {
        foreach (DomainConfig entry in manifest.Domains)
        {
            ulong next = GuestLayout.DeviceMemory;
            foreach (DeviceMemory device in entry.Devices)
            {
                if (!kernel.Machine.TryFindDevice(device.Id, device.Bar, out ulong address, out ulong size)
                    || size < PhysicalMemory.FrameSize || size > GuestLayout.DeviceMemoryEnd - next)
                {
                    kernel.Log.Write($"manifest: the device of \"{entry.Name}\" is not there, has no such memory, or too much: it goes without");
                    continue;
                }

                next = (next + size - 1) & ~(size - 1);
                device.Mfn = address >> PhysicalMemory.FrameShift;
                device.FrameCount = size >> PhysicalMemory.FrameShift;
                device.Gfn = next >> PhysicalMemory.FrameShift;
                next += size;
            }
        }
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
