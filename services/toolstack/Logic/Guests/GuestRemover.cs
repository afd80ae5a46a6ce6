using System;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Protos.Console;
using Microkernel.Protos.Memory;
using Microkernel.Protos.Toolstack;
using Microkernel.Protos.Xenstore;
using Microkernel.Services.Toolstack.Content;
using Microkernel.Services.Toolstack.Core;
using Microkernel.Services.Toolstack.Store;

namespace Microkernel.Services.Toolstack.Guests;

/// <summary>
/// Takes a guest's domain away, however much of it is there. Every step may be done again, and services that are being restarted
/// are waited for: the guest's record goes last, so that the toolstack's next incarnation goes on where this one ended.
/// </summary>
internal sealed class GuestRemover
{
    private readonly Parts _parts;

    internal GuestRemover(Parts parts) => _parts = parts;

    /// <summary>Removes the domain and the guest's record; the name stays taken.</summary>
    internal async Task RemoveAsync(Guest guest, CancellationToken cancellation)
    {
        GuestRecord record = guest.Change(static record => record.Phase = GuestPhase.Leaving);
        await _parts.Records.InsistAsync(record, cancellation).ConfigureAwait(false);
        await RemoveDomainAsync(guest, cancellation).ConfigureAwait(false);
        await _parts.Tree.InsistAsync([.. GuestNodes.Remove(guest.Record), RecordStore.Forget(guest.Record)], cancellation).ConfigureAwait(false);
        guest.ReleaseContents();
    }

    /// <summary>Removes the domain of a guest that starts again. Its record stays what it was.</summary>
    internal async Task RemoveForRestartAsync(Guest guest, CancellationToken cancellation)
    {
        await RemoveDomainAsync(guest, cancellation).ConfigureAwait(false);
        await _parts.Tree.InsistAsync(GuestNodes.Remove(guest.Record), cancellation).ConfigureAwait(false);
    }

    private async Task RemoveDomainAsync(Guest guest, CancellationToken cancellation)
    {
        if (guest.Domain == 0)
            await FindDomainAsync(guest, cancellation).ConfigureAwait(false);
        if (guest.Domain == 0)
            return;
        Pause(guest.Domain);
        await DisconnectConsoleAsync(guest.Record, cancellation).ConfigureAwait(false);
        await Task.WhenAll(
            ReleaseStoreAsync(guest.Record, cancellation),
            DestroyAsync(guest.Record, cancellation)).ConfigureAwait(false);
    }

    /// <summary>
    /// Asks for a claim whose answer has not been heard once more: the memory service names the domain that it made, or makes one
    /// now, or refuses and has made none.
    /// </summary>
    private async Task FindDomainAsync(Guest guest, CancellationToken cancellation)
    {
        if (guest.Record.RequestId.IsEmpty)
            return;
        using PinnedContent? kernel = _parts.Content.Pin(guest.Record.Config.KernelSha256.Span);
        ClaimRequest request = GuestBuilder.ClaimOf(guest.Record, kernel is null ? KernelFormat.Bzimage : KernelImage.FormatOf(kernel.Bytes), kernel?.Bytes.Length ?? 1, 0);
        try
        {
            ClaimResponse claimed = await _parts.Patience.SettleAsync(options => _parts.Peers.Memory.ClaimAsync(request, options), cancellation).ConfigureAwait(false);
            if (claimed.Domain is { } domain && domain.Id >= _parts.Core.FirstGuest)
                guest.Change(record => (record.Domain, record.DomainGeneration) = (domain.Id, domain.Generation));
        }
        catch (RpcException)
        {
            // Refused: there is no such domain, and there will be none.
        }
    }

    private void Pause(uint domain)
    {
        try
        {
            _parts.Core.Pause(domain);
        }
        catch (CoreException)
        {
            // Gone already, or not complete; pausing only saves the guest the sight of its devices leaving.
        }
    }

    private async Task DisconnectConsoleAsync(GuestRecord record, CancellationToken cancellation)
    {
        var request = new DisconnectRequest { Domain = record.Domain, DomainGeneration = record.DomainGeneration };
        try
        {
            // Once: a qemu-dm that is not there has no mapping either, and hears of no guest that has left when it comes back.
            await _parts.Patience.OnceAsync(options => _parts.Peers.Consoles.DisconnectAsync(request, options), cancellation).ConfigureAwait(false);
        }
        catch (RpcException e) when (e.StatusCode != StatusCode.NotFound)
        {
            _parts.Log($"{record.Config.Name}: its console could not be disconnected: {e.Status.Detail}");
        }
        catch (RpcException)
        {
            // It was not connected.
        }
    }

    private async Task ReleaseStoreAsync(GuestRecord record, CancellationToken cancellation)
    {
        var request = new ReleaseRequest { Domain = record.Domain, DomainGeneration = record.DomainGeneration };
        await TolerateAsync(
            _parts.Patience.InsistAsync(options => _parts.Peers.Store.ReleaseAsync(request, options), cancellation),
            record, "released from xenstore", static e => true).ConfigureAwait(false);
    }

    private async Task DestroyAsync(GuestRecord record, CancellationToken cancellation)
    {
        var request = new Protos.Memory.DestroyRequest { Domain = new DomainId { Id = record.Domain, Generation = record.DomainGeneration } };
        await TolerateAsync(
            _parts.Patience.InsistAsync(options => _parts.Peers.Memory.DestroyAsync(request, options), cancellation),
            record, "destroyed", static e => e.StatusCode == StatusCode.NotFound).ConfigureAwait(false);
    }

    private async Task TolerateAsync(Task step, GuestRecord record, string what, Func<RpcException, bool> isTolerable)
    {
        try
        {
            await step.ConfigureAwait(false);
        }
        catch (RpcException e) when (isTolerable(e))
        {
            if (e.StatusCode != StatusCode.NotFound)
                _parts.Log($"{record.Config.Name}: domain {record.Domain} could not be {what}: {e.Status.Detail}");
        }
    }
}
