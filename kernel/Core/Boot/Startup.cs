using System;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Logging;
using Microkernel.Core.Memory;

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

        foreach (Domain domain in kernel.Domains.Slots)
            CheckDevices(kernel, domain.Config);
    }

    // Firmware that lets a device decode the addresses of memory must not give that to a domain.
    private static void CheckDevices(Kernel kernel, DomainConfig entry)
    {
        foreach (DeviceMemory device in entry.Devices)
        {
            ulong end = device.Mfn + device.FrameCount;
            for (ulong mfn = device.Mfn; mfn < end && device.Mfn != 0; mfn++)
            {
                if (kernel.Memory.Frames.Type(mfn) != FrameType.Reserved)
                    device.Mfn = device.FrameCount = 0;
            }

            if (device.Mfn == 0 && end != 0)
                kernel.Log.Write($"manifest: the device of \"{entry.Name}\" lies over memory: it goes without");
        }
    }

    // Each device's memory lies at a multiple of its size, as it does on the bus, as far as the place for it allows.
    private static void FindDevices(Kernel kernel, Manifest manifest)
    {
        foreach (DomainConfig entry in manifest.Domains)
        {
            ulong next = GuestLayout.DeviceMemory;
            foreach (DeviceMemory device in entry.Devices)
            {
                bool found = kernel.Machine.TryFindDevice(device.Id, device.Bar, out ulong address, out ulong size);
                ulong alignment = Math.Min(size, GuestLayout.DeviceMemoryAlignment);
                ulong start = (next + alignment - 1) & ~(alignment - 1);
                if (!found || size < PhysicalMemory.FrameSize || size > GuestLayout.DeviceMemoryEnd - start)
                {
                    kernel.Log.Write($"manifest: the device of \"{entry.Name}\" is not there, has no such memory, or too much: it goes without");
                    continue;
                }

                device.Mfn = address >> PhysicalMemory.FrameShift;
                device.FrameCount = size >> PhysicalMemory.FrameShift;
                device.Gfn = start >> PhysicalMemory.FrameShift;
                next = start + size;
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
