using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Google.Protobuf;
using Grpc.Core;
using Microkernel.Protos.Console;
using Microkernel.Protos.Memory;
using Microkernel.Protos.Toolstack;
using Microkernel.Protos.Xenstore;
using Microkernel.Services.Toolstack.Content;
using Microkernel.Services.Toolstack.Store;

namespace Microkernel.Services.Toolstack.Guests;

/// <summary>
/// Builds a guest's domain, step by step. When a step fails, what the steps before it made is still there, and
/// <see cref="GuestRemover"/> takes it away. The last step is the record that the guest exists: without it, the toolstack's next
/// incarnation removes the guest.
/// </summary>
internal sealed class GuestBuilder
{
    /// <summary>The bytes of a part of an image: whole pages, and with all around it less than a ring's message.</summary>
    internal const int PartSize = 240 << 10;

    private readonly Parts _parts;
    private readonly GuestScheduling _scheduling;

    internal GuestBuilder(Parts parts, GuestScheduling scheduling) => (_parts, _scheduling) = (parts, scheduling);

    /// <summary>What the memory service is asked for.</summary>
    internal static ClaimRequest ClaimOf(GuestRecord record, KernelFormat format, long kernelLength, long ramdiskLength) => new()
    {
        KernelBytes = (ulong)kernelLength,
        RamdiskBytes = (ulong)ramdiskLength,
        MemoryBytes = record.Config.MemoryBytes,
        MaximumMemoryBytes = record.Config.MaximumMemoryBytes,
        Vcpus = record.Config.Vcpus,
        MaximumVcpus = record.Config.MaximumVcpus,
        CommandLine = record.Config.CommandLine,
        LargestGrantVersion = record.Config.LargestGrantVersion,
        Format = format,
        RequestId = record.RequestId,
    };

    /// <summary>Builds the domain and starts it.</summary>
    internal async Task BuildAsync(Guest guest, bool staysPaused, BuildProgress progress, CancellationToken cancellation)
    {
        using PinnedContent kernel = Pin(guest.Record.Config.KernelSha256, "kernel");
        using PinnedContent? ramdisk = guest.Record.Config.RamdiskSha256.IsEmpty ? null : Pin(guest.Record.Config.RamdiskSha256, "ramdisk");
        KernelFormat format = KernelImage.FormatOf(kernel.Bytes);
        await BeginAsync(guest, cancellation).ConfigureAwait(false);
        progress.Say("claiming memory", 0);
        await ClaimAsync(guest, ClaimOf(guest.Record, format, kernel.Bytes.Length, ramdisk?.Bytes.Length ?? 0), cancellation).ConfigureAwait(false);
        // Early: a wish that cannot come true is refused before all the loading.
        await _scheduling.AdmitAsync(guest, cancellation).ConfigureAwait(false);
        await LoadAsync(guest, kernel, ramdisk, progress, cancellation).ConfigureAwait(false);
        progress.Say("sealing memory", 91);
        await FinishAsync(guest, cancellation).ConfigureAwait(false);
        progress.Say("connecting to xenstore", 93);
        await ConnectStoreAsync(guest, cancellation).ConfigureAwait(false);
        progress.Say("connecting the console", 96);
        await ConnectConsoleAsync(guest.Record, cancellation).ConfigureAwait(false);
        progress.Say("starting", 99);
        await StartAsync(guest, staysPaused, cancellation).ConfigureAwait(false);
    }

    /// <summary>Holds the files that the guest needs to start again; those that are missing only matter then.</summary>
    internal void KeepContents(Guest guest)
    {
        GuestConfig config = guest.Record.Config;
        List<PinnedContent> contents = [];
        if (!MayRestart(config.OnPoweroff) && !MayRestart(config.OnReboot) && !MayRestart(config.OnCrash))
            return;
        foreach (ByteString hash in new[] { config.KernelSha256, config.RamdiskSha256 })
        {
            if (!hash.IsEmpty && _parts.Content.Pin(hash.Span) is { } content)
                contents.Add(content);
        }

        guest.Keep(contents);
    }

    /// <summary>Makes qemu-dm the back end of a guest's console; again is no error.</summary>
    internal Task ConnectConsoleAsync(GuestRecord record, CancellationToken cancellation)
    {
        var request = new ConnectRequest
        {
            Domain = record.Domain,
            DomainGeneration = record.DomainGeneration,
            Name = record.Config.Name,
            RemotePort = record.ConsolePort,
            GrantReference = 0,
        };
        return _parts.Patience.CallAsync(options => _parts.Peers.Consoles.ConnectAsync(request, options), cancellation);
    }

    private static bool MayRestart(EndAction action) => action is EndAction.Restart or EndAction.RenameRestart;

    private PinnedContent Pin(ByteString hash, string what)
    {
        PinnedContent content = _parts.Content.Pin(hash.Span)
            ?? throw Failure.Precondition($"the {what} is not in the host's store (any more): upload it first");
        if (content.Verify())
            return content;
        content.Dispose();
        throw Failure.Precondition($"the {what} in the host's store was damaged: upload it again");
    }

    private Task BeginAsync(Guest guest, CancellationToken cancellation) => _parts.Records.SaveAsync(guest.Change(record =>
    {
        record.Phase = GuestPhase.Building;
        record.RequestId = Uuids.New();
        record.Domain = 0;
        record.DomainGeneration = 0;
        record.ConsolePort = 0;
        record.StorePort = 0;
    }), cancellation);

    private async Task ClaimAsync(Guest guest, ClaimRequest request, CancellationToken cancellation)
    {
        ClaimResponse claimed = await _parts.Patience.CallAsync(options => _parts.Peers.Memory.ClaimAsync(request, options), cancellation).ConfigureAwait(false);
        // What the number of another entry or guest would do is not for a confused memory service to try out.
        if (claimed.Domain is not { } domain || domain.Id < _parts.Core.FirstGuest)
            throw Failure.Precondition($"the memory service names domain {claimed.Domain?.Id} for a new guest, which cannot be");
        await _parts.Records.SaveAsync(guest.Change(record =>
        {
            record.Domain = domain.Id;
            record.DomainGeneration = domain.Generation;
        }), cancellation).ConfigureAwait(false);
    }

    private async Task LoadAsync(Guest guest, PinnedContent kernel, PinnedContent? ramdisk, BuildProgress progress, CancellationToken cancellation)
    {
        long total = kernel.Bytes.Length + (long)(ramdisk?.Bytes.Length ?? 0);
        await LoadImageAsync(guest, Image.Kernel, kernel, loaded => progress.SayLoaded("loading the kernel", loaded, total), cancellation).ConfigureAwait(false);
        if (ramdisk is null)
            return;
        long before = kernel.Bytes.Length;
        await LoadImageAsync(guest, Image.Ramdisk, ramdisk, loaded => progress.SayLoaded("loading the ramdisk", before + loaded, total), cancellation).ConfigureAwait(false);
    }

    private async Task LoadImageAsync(Guest guest, Image image, PinnedContent content, Action<long> report, CancellationToken cancellation)
    {
        int length = content.Bytes.Length;
        for (int offset = 0; offset < length; offset += PartSize)
        {
            report(offset);
            var request = new LoadRequest
            {
                Domain = DomainOf(guest.Record),
                Image = image,
                Offset = (ulong)offset,
                Data = ByteString.CopyFrom(content.Bytes.Slice(offset, Math.Min(PartSize, length - offset))),
            };
            // Not again: a memory service that began again has given up what it was building.
            await _parts.Patience.OnceAsync(options => _parts.Peers.Memory.LoadAsync(request, options), cancellation).ConfigureAwait(false);
        }
    }

    private async Task FinishAsync(Guest guest, CancellationToken cancellation)
    {
        var request = new FinishRequest { Domain = DomainOf(guest.Record) };
        FinishResponse ports = await _parts.Patience.OnceAsync(options => _parts.Peers.Memory.FinishAsync(request, options), cancellation).ConfigureAwait(false);
        guest.Change(record => (record.ConsolePort, record.StorePort) = (ports.ConsolePort, ports.StorePort));
    }

    private async Task ConnectStoreAsync(Guest guest, CancellationToken cancellation)
    {
        GuestRecord record = guest.Record;
        await _parts.Tree.CommitAsync(GuestNodes.Create(record, _parts.Core.OwnDomain), cancellation).ConfigureAwait(false);
        var request = new IntroduceRequest { Domain = record.Domain, DomainGeneration = record.DomainGeneration, RemotePort = record.StorePort };
        await _parts.Patience.CallAsync(options => _parts.Peers.Store.IntroduceAsync(request, options), cancellation).ConfigureAwait(false);
    }

    private async Task StartAsync(Guest guest, bool staysPaused, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (!staysPaused)
            _parts.Core.Unpause(guest.Domain);
        await _parts.Records.SaveAsync(guest.Change(record =>
        {
            record.Phase = GuestPhase.Exists;
            record.StartedNs = _parts.Core.Now;
            record.Starts++;
            record.EndDetail = "";
        }), cancellation).ConfigureAwait(false);
    }

    private static DomainId DomainOf(GuestRecord record) => new() { Id = record.Domain, Generation = record.DomainGeneration };
}
