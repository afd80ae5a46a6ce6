using System;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Logging;
using Microkernel.Core.Memory;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Boot;

/// <summary>
/// Builds the domains of the manifest, one at a time and in pieces of bounded length. It reads kernels only as far as it must to place
/// them (ELF headers and notes, a bzImage's setup header) and never looks into a guest that has run.
/// </summary>
public sealed class DomainBuilder
{
    private const ulong FramesPerPiece = 4096;
    private const ulong BytesPerPiece = 4 << 20;
    private const ulong InfoBytes = 4 * PhysicalMemory.FrameSize;
    private const int CommandLineAt = PhysicalMemory.FrameSize;
    private const int LinuxParametersAt = 2 * PhysicalMemory.FrameSize;

    private readonly Kernel _kernel;
    private readonly GuestPlan _plan = new();
    private readonly byte[] _page = new byte[PhysicalMemory.FrameSize];
    private ulong _nextGfn;
    private ulong _pieceFrames;

    /// <summary>A builder for the domains of <paramref name="kernel"/>. Only during start-up: it allocates.</summary>
    public DomainBuilder(Kernel kernel) => _kernel = kernel;

    /// <summary>Does the next piece of <paramref name="domain"/>, which has just been given an id or was worked on last.</summary>
    public BuildProgress DoPiece(Domain domain)
    {
        string? problem = domain.Memory.Owner != domain.Id ? Begin(domain)
            : HasMemoryToGive(domain) ? GiveMemory(domain)
            : _plan.JobCount != 0 ? CopyPiece(domain)
            : Finish(domain);
        if (problem == null)
            return domain.Vcpus[0].IsInitialised ? BuildProgress.Done : BuildProgress.Working;

        Report(domain, problem);
        return BuildProgress.Failed;
    }

    private static ulong LowFrames(Domain domain) => GuestLayout.LowMemory(domain.Config) >> PhysicalMemory.FrameShift;

    private static ulong EndOfMemory(Domain domain) => GuestLayout.HighMemory(domain.Config) == 0
        ? LowFrames(domain)
        : (GuestLayout.HighMemoryStart + GuestLayout.HighMemory(domain.Config)) >> PhysicalMemory.FrameShift;

    private bool HasMemoryToGive(Domain domain) => _nextGfn < EndOfMemory(domain);

    private string? Begin(Domain domain)
    {
        _plan.Clear();
        _nextGfn = 0;

        // While nothing runs yet, large pieces allow 1 GiB pages; later a piece must not keep the CPU long.
        _pieceFrames = _kernel.LifeCycle.AnyStarted ? FramesPerPiece : ulong.MaxValue;
        DomainConfig config = domain.Config;
        ulong frames = (ulong)config.MemoryFrames;
        int pool = FramePool.SizeFor(frames, config.VcpuCount);
        if (!domain.Memory.TryReset(domain.Id, frames + GuestLayout.ExtraFrames, pool))
            return "the host has not enough free memory";

        using (_kernel.Plan.Lock.Hold())
        {
            foreach (Vcpu vcpu in domain.Vcpus)
                vcpu.ResetForNewDomain();
        }

        GuestLayout.Fill(domain.Memory.Map, config);
        return PlanImages(domain);
    }

    private string? PlanImages(Domain domain)
    {
        DomainConfig config = domain.Config;
        ModuleReader kernel = ReaderOf(config.KernelModule);
        ulong memory = GuestLayout.LowMemory(config);
        bool isElf = ElfImage.IsElf(in kernel);
        if (!isElf && !LinuxImage.IsLinuxImage(in kernel))
            return "its kernel is neither an ELF file nor a Linux bzImage";

        string? problem = isElf
            ? ElfImage.Plan(in kernel, config.KernelModule, memory, _plan)
            : LinuxImage.Plan(in kernel, config.KernelModule, memory, _plan);
        return problem != null ? problem : PlanRamdisk(config, memory);
    }

    // At the top of low memory, or of the first GiB: start information, command line and boot parameters; below them the RAM disk.
    private string? PlanRamdisk(DomainConfig config, ulong memory)
    {
        _plan.RamdiskLength = config.RamdiskModule < 0 ? 0 : ReaderOf(config.RamdiskModule).Length;
        ulong needed = InfoBytes + ((_plan.RamdiskLength + PhysicalMemory.FrameSize - 1) & ~(ulong)(PhysicalMemory.FrameSize - 1));
        ulong end = GuestLayout.HandOverEnd(memory, _plan.KernelEnd, needed);
        if (needed > end || end - needed < _plan.KernelEnd)
            return "kernel and RAM disk do not fit into its memory: give it more memory";

        _plan.InfoStart = end - InfoBytes;
        _plan.RamdiskStart = end - needed;
        bool added = config.RamdiskModule < 0
            || _plan.TryAdd(config.RamdiskModule, 0, _plan.RamdiskLength, _plan.RamdiskStart);
        return added ? null : "its kernel has too many segments";
    }

    private string? GiveMemory(Domain domain)
    {
        if (_nextGfn == LowFrames(domain))
            _nextGfn = GuestLayout.HighMemoryStart >> PhysicalMemory.FrameShift;

        ulong end = _nextGfn < LowFrames(domain) ? LowFrames(domain) : EndOfMemory(domain);
        ulong count = Math.Min(end - _nextGfn, _pieceFrames);
        bool given = domain.Memory.TryPopulateRange(_nextGfn, count);
        _nextGfn += count;
        return given ? null : "the host has not enough free memory";
    }

    private string? CopyPiece(Domain domain)
    {
        ref CopyJob job = ref _plan.CurrentJob;
        ModuleReader module = ReaderOf(job.Module);
        ulong length = Math.Min(job.Length, BytesPerPiece);
        if (!new GuestWriter(domain).TryCopy(job.Target, in module, job.Offset, length))
            return "an image cannot be copied into its memory";

        job.Offset += length;
        job.Target += length;
        job.Length -= length;
        if (job.Length == 0)
            _plan.FinishJob();

        return null;
    }

    private string? Finish(Domain domain)
    {
        GuestWriter writer = new(domain);
        if (!TryGiveSpecialPages(domain) || !TryWriteAcpi(domain, in writer) || !TryWriteInformation(domain, in writer))
            return "its pages for ACPI tables, shared information and start information cannot be made";

        DomainCreation.StartClocks(domain);
        ulong parameters = _plan.InfoStart + LinuxParametersAt;
        EntryState.Fill(out VcpuContext context, _plan.Entry, _plan.InfoStart, _plan.IsLinuxImage ? parameters : 0);
        domain.Vcpus[0].Hardware.Reset(in context);
        domain.Vcpus[0].IsInitialised = true;
        return null;
    }

    private static bool TryGiveSpecialPages(Domain domain)
    {
        const ulong acpiGfn = GuestLayout.AcpiTables >> PhysicalMemory.FrameShift;
        if (!domain.Memory.TryPopulateRange(acpiGfn, 1)
            || !domain.Memory.TryPopulateRange(GuestLayout.ConsoleGfn, 1)
            || !domain.Pool.TryTake(FrameType.Shared, out ulong sharedInfo))
        {
            return false;
        }

        domain.SharedInfoMfn = sharedInfo;
        domain.PlaceVcpuInfos();
        return domain.Events.TryReset() && domain.Grants.TryReset() && domain.Console.TryAttach() && domain.TryMapDevices();
    }

    private bool TryWriteAcpi(Domain domain, in GuestWriter writer)
    {
        Span<byte> page = CleanPage();
        AcpiTables.Write(page, GuestLayout.AcpiTables, domain.Vcpus.Length);
        return writer.TryWriteBytes(GuestLayout.AcpiTables, page);
    }

    private bool TryWriteInformation(Domain domain, in GuestWriter writer)
    {
        LinuxParameters values = default;
        values.Entry = _plan.Entry;
        values.AcpiRoot = GuestLayout.AcpiTables;
        values.CommandLine = _plan.InfoStart + CommandLineAt;
        values.RamdiskStart = _plan.RamdiskLength == 0 ? 0 : _plan.RamdiskStart;
        values.RamdiskLength = _plan.RamdiskLength;
        Span<byte> page = CleanPage();
        StartInfo.Write(page, _plan.InfoStart, in values, domain.Memory.Map);
        if (!writer.TryWriteBytes(_plan.InfoStart, page)
            || !writer.TryWriteBytes(values.CommandLine, domain.Config.CommandLine))
        {
            return false;
        }

        return !_plan.IsLinuxImage || TryWriteLinuxParameters(domain, in writer, in values);
    }

    private bool TryWriteLinuxParameters(Domain domain, in GuestWriter writer, in LinuxParameters values)
    {
        ModuleReader kernel = ReaderOf(domain.Config.KernelModule);
        Span<byte> page = CleanPage();
        if (!LinuxImage.TryFillParameters(in kernel, in values, page))
            return false;

        LinuxImage.AddMemoryMap(page, domain.Memory.Map);
        return writer.TryWriteBytes(_plan.InfoStart + LinuxParametersAt, page);
    }

    private Span<byte> CleanPage()
    {
        Span<byte> page = _page;
        page.Clear();
        return page;
    }

    private ModuleReader ReaderOf(int module) => new(_kernel.Machine.Memory, _kernel.Boot.Modules[module]);

    private void Report(Domain domain, string? problem) =>
        _kernel.Log.Write($"domain \"{domain.Config.Name}\" cannot be built: {problem}");
}
