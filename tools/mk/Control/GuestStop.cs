using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Grpc.Core;
using Api = Microkernel.Protos.Toolstack;

namespace Mk.Control;

/// <summary>Ends all guests: asks them to shut down, and destroys those that have not in time.</summary>
public sealed class GuestStop
{
    private readonly SystemConnection _system;
    private readonly Action<string> _say;

    /// <summary>Ends the guests of a system.</summary>
    /// <param name="system">The system.</param>
    /// <param name="say">Receives what happens.</param>
    public GuestStop(SystemConnection system, Action<string> say) => (_system, _say) = (system, say);

    /// <summary>Ends them.</summary>
    /// <param name="limit">How long they have.</param>
    /// <exception cref="RpcException">The system does not answer.</exception>
    public async Task RunAsync(TimeSpan limit)
    {
        IReadOnlyList<Api.GuestInfo> guests = await ListAsync();
        DateTime deadline = DateTime.UtcNow + limit;
        await Task.WhenAll(guests.Select(guest => AskAsync(guest, deadline)));
        // What is there now did not hear the request, or its configuration keeps it or starts it again.
        foreach (Api.GuestInfo guest in await ListAsync())
            await DestroyAsync(guest);
    }

    private async Task<IReadOnlyList<Api.GuestInfo>> ListAsync() => await GuestList.ReadAsync(_system);

    private async Task AskAsync(Api.GuestInfo guest, DateTime deadline)
    {
        if (guest.State is not (Api.GuestState.Running or Api.GuestState.Blocked))
            return;
        _say($"shutting down {guest.Name}");
        try
        {
            var request = new Api.ShutdownRequest { Guest = new Api.Guest { Domain = guest.Domain }, Waits = true };
            await _system.Toolstack.ShutdownAsync(request, new CallOptions(deadline: deadline, cancellationToken: _system.Cancellation));
        }
        catch (RpcException e) when (e.StatusCode is not (StatusCode.Unavailable or StatusCode.Cancelled))
        {
            _say(e.StatusCode == StatusCode.DeadlineExceeded ? $"{guest.Name} has not shut down in time" : $"{guest.Name}: {e.Status.Detail}");
        }
    }

    private async Task DestroyAsync(Api.GuestInfo guest)
    {
        _say($"destroying {guest.Name}");
        try
        {
            await _system.Toolstack.DestroyAsync(new Api.DestroyRequest { Guest = new Api.Guest { Domain = guest.Domain } }, _system.Brief);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            // It was faster.
        }
    }
}
