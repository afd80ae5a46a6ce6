using System;
using Microkernel.Core.Boot;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Memory;
using Microkernel.Services.Memory.Core;

namespace Microkernel.Services.Memory.Building;

/// <summary>
/// A domain that is being built: kernel and RAM disk come in parts, in order, and go where they belong at once. Nobody holds a whole image,
/// and nothing is read back. One call at a time.
/// </summary>
internal sealed class DomainBuild
{
    // At the top of low memory, or of the first GiB: start information, command line and boot parameters; below them the RAM disk.
    private const ulong InfoBytes = 4 * PhysicalMemory.FrameSize;
    private const int CommandLineAt = PhysicalMemory.FrameSize;
    private const int LinuxParametersAt = 2 * PhysicalMemory.FrameSize;
    private const uint ParameterStorePage = 1, ParameterStorePort = 2, ParameterConsolePage = 17, ParameterConsolePort = 18;
    private const int ConsoleReference = 0, StoreReference = 1;

    private readonly IHypervisor _hypervisor;
    private readonly DomainConfig _config;
    private readonly ulong _kernelLength;
    private readonly ulong _ramdiskLength;
    private readonly KernelFront _front;
    private ImageSource _kernelHead;
    private EntryNotes? _notes;
    private KernelPieces? _pieces;
    private ulong _kernelLoaded;
    private ulong _ramdiskLoaded;

    /// <summary>Begins to fill a domain that <see cref="DomainShell"/> has made.</summary>
    internal DomainBuild(IHypervisor hypervisor, uint domain, DomainHandle handle, DomainConfig config, ulong kernelLength, ulong ramdiskLength)
    {
        _hypervisor = hypervisor;
        _config = config;
        _kernelLength = kernelLength;
        _ramdiskLength = ramdiskLength;
        _kernelHead = _front = new KernelFront(kernelLength);
        Domain = domain;
        Handle = handle;
    }

    /// <summary>Its number.</summary>
    internal uint Domain { get; }

    /// <summary>Its universal id.</summary>
    internal DomainHandle Handle { get; }

    /// <summary>It is complete, or was given up: nobody may touch it any more. Read and set with this object locked.</summary>
    internal bool IsOver { get; set; }

    private ulong LowMemory => GuestLayout.LowMemory(_config);

    private ulong Handed => InfoBytes + ((_ramdiskLength + PhysicalMemory.FrameSize - 1) & ~(ulong)(PhysicalMemory.FrameSize - 1));

    private ulong HandOverEnd => GuestLayout.HandOverEnd(LowMemory, _pieces!.KernelEnd, Handed);

    private ulong InfoStart => HandOverEnd - InfoBytes;

    private ulong RamdiskStart => HandOverEnd - Handed;

    /// <summary>Puts a part of the kernel in place; how much of it is there now.</summary>
    /// <exception cref="BuildException">The part does not belong there, or the kernel is none that can be started.</exception>
    internal ulong LoadKernel(ulong offset, ReadOnlySpan<byte> part)
    {
        CheckOrder("kernel", offset, part, _kernelLoaded, _kernelLength);
        if (_pieces is null)
            Plan(part);
        _notes?.Pass(offset, part);
        _pieces!.Place(_hypervisor, Domain, offset, part);
        return _kernelLoaded += (ulong)part.Length;
    }

    /// <summary>Puts a part of the RAM disk in place; how much of it is there now.</summary>
    /// <exception cref="BuildException">The part does not belong there.</exception>
    internal ulong LoadRamdisk(ulong offset, ReadOnlySpan<byte> part)
    {
        if (_pieces is null)
            throw new BuildException("the kernel must be loaded before the RAM disk");
        CheckOrder("RAM disk", offset, part, _ramdiskLoaded, _ramdiskLength);
        _hypervisor.CopyTo(Domain, RamdiskStart + offset, part);
        return _ramdiskLoaded += (ulong)part.Length;
    }

    /// <summary>Puts kernel and RAM disk in place from files of the boot loader.</summary>
    /// <exception cref="BuildException">The kernel is none that can be started, or does not fit.</exception>
    internal void LoadFiles(BootFile kernel, BootFile? ramdisk)
    {
        _kernelHead = new FileImage(_hypervisor, kernel);
        _pieces = KernelPieces.Plan(_kernelHead, LowMemory, needsEntry: true);
        CheckRoom();
        _pieces.PlaceFile(_hypervisor, Domain, kernel.Index);
        if (ramdisk is not null)
            _hypervisor.CopyFile(Domain, ramdisk.Index, 0, ramdisk.Size, RamdiskStart);
        _kernelLoaded = _kernelLength;
        _ramdiskLoaded = _ramdiskLength;
    }

    /// <summary>Writes what the kernel finds when it starts, and connects a guest's console and store. It stays paused.</summary>
    /// <exception cref="BuildException">Something is missing.</exception>
    internal DomainPorts FinishGuest(BackEnds backEnds)
    {
        WriteStart();
        uint console = Connect(GuestLayout.ConsoleGfn, backEnds.Console, ConsoleReference, ParameterConsolePage, ParameterConsolePort);
        uint store = Connect(DomainShell.StorePage, backEnds.Store, StoreReference, ParameterStorePage, ParameterStorePort);
        _hypervisor.SetHandle(Domain, Handle.Completed().Bytes);
        return new DomainPorts(console, store);
    }

    /// <summary>The same for a service: its console is the core's, and XenStore it reaches by a ring, if at all.</summary>
    internal void FinishService()
    {
        WriteStart();
        _hypervisor.AttachConsole(Domain);
        _hypervisor.SetHandle(Domain, Handle.Completed().Bytes);
    }

    private static void CheckOrder(string image, ulong offset, ReadOnlySpan<byte> part, ulong loaded, ulong length)
    {
        if (offset != loaded)
            throw new BuildException($"a part of the {image} is for {offset}, but {loaded} bytes of it are there");
        if ((ulong)part.Length > length - loaded)
            throw new BuildException($"the {image} is longer than the {length} bytes that were announced");
    }

    private void Plan(ReadOnlySpan<byte> firstPart)
    {
        if (firstPart.Length < KernelFront.LeastFirstPart && (ulong)firstPart.Length < _kernelLength)
            throw new BuildException($"the first part of a kernel must have {KernelFront.LeastFirstPart} bytes or all of it");
        _front.Set(firstPart);
        _notes = new EntryNotes(_front);
        _pieces = KernelPieces.Plan(_front, LowMemory, needsEntry: false);
        CheckRoom();
    }

    private void CheckRoom()
    {
        if (Handed > HandOverEnd || RamdiskStart < _pieces!.KernelEnd)
            throw new BuildException("kernel and RAM disk do not fit into its memory: give it more memory");
    }

    private void WriteStart()
    {
        if (_pieces is null || _kernelLoaded != _kernelLength || _ramdiskLoaded != _ramdiskLength)
            throw new BuildException($"{_kernelLoaded} of {_kernelLength} bytes of the kernel and {_ramdiskLoaded} of {_ramdiskLength} of the RAM disk are there");
        if (_pieces.Entry == 0)
            _pieces.Entry = KernelPieces.Plan(_notes!, LowMemory, needsEntry: true).Entry;
        GuestMemoryMap map = DomainShell.MapOf(_config);
        LinuxParameters values = new()
        {
            Entry = _pieces.Entry,
            AcpiRoot = GuestLayout.AcpiTables,
            CommandLine = InfoStart + CommandLineAt,
            RamdiskStart = _ramdiskLength == 0 ? 0 : RamdiskStart,
            RamdiskLength = _ramdiskLength,
        };
        byte[] page = new byte[PhysicalMemory.FrameSize];
        AcpiTables.Write(page, GuestLayout.AcpiTables, _config.VcpuCount);
        _hypervisor.CopyTo(Domain, GuestLayout.AcpiTables, page);
        Array.Clear(page);
        StartInfo.Write(page, InfoStart, in values, map);
        _hypervisor.CopyTo(Domain, InfoStart, page);
        _hypervisor.CopyTo(Domain, values.CommandLine, _config.CommandLine);
        ulong parameters = _pieces.IsLinuxImage ? WriteLinuxParameters(page, in values, map) : 0;
        _hypervisor.SetEntry(Domain, VcpuStart.Make(_pieces.Entry, InfoStart, parameters));
    }

    private ulong WriteLinuxParameters(byte[] page, in LinuxParameters values, GuestMemoryMap map)
    {
        Array.Clear(page);
        ModuleReader reader = new(_kernelHead);
        if (!LinuxImage.TryFillParameters(in reader, in values, page))
            throw new BuildException("the Linux image is cut off");
        LinuxImage.AddMemoryMap(page, map);
        _hypervisor.CopyTo(Domain, InfoStart + LinuxParametersAt, page);
        return InfoStart + LinuxParametersAt;
    }

    private uint Connect(ulong page, uint backEnd, int reference, uint pageParameter, uint portParameter)
    {
        uint port = _hypervisor.AllocatePort(Domain, backEnd);
        _hypervisor.SeedGrant(Domain, reference, backEnd, page);
        _hypervisor.SetParameter(Domain, pageParameter, page);
        _hypervisor.SetParameter(Domain, portParameter, port);
        return port;
    }
}
