using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Protos.Supervisor;
using Microkernel.Services.Memory.Core;

namespace Microkernel.Services.Memory.Supervision;

/// <summary>The gRPC service Supervisor: the services of the manifest, as the operator sees them.</summary>
public sealed class SupervisorService(OwnService own, IReadOnlyList<ServiceKeeper> keepers, TimeProvider time, Action<string> log)
    : Protos.Supervisor.Supervisor.SupervisorBase
{
    /// <summary>Keeps all services until <paramref name="stop"/>.</summary>
    public Task RunAsync(CancellationToken stop) => Task.WhenAll(keepers.Select(k => k.RunAsync(stop)));

    /// <summary>Something has happened to some domain.</summary>
    public void Wake()
    {
        foreach (ServiceKeeper keeper in keepers)
            keeper.Wake();
    }

    /// <inheritdoc/>
    public override Task<ListResponse> List(ListRequest request, ServerCallContext context)
    {
        var response = new ListResponse { Services = { own.Describe() } };
        response.Services.AddRange(keepers.Select(static k => k.Describe()));
        return Task.FromResult(response);
    }

    /// <inheritdoc/>
    public override async Task<RestartResponse> Restart(RestartRequest request, ServerCallContext context)
    {
        if (request.Name == own.Name)
        {
            log($"{own.Name} is restarted by the operator");
            own.End(EndOfLife.InOrder, "restarted by the operator");
            throw new RpcException(new Status(StatusCode.Unavailable, $"{own.Name} restarts, and cannot say when it is done: ask for the list"));
        }

        ServiceKeeper keeper = Find(request.Name);
        log($"{keeper.Name} is restarted by the operator");
        long start = time.GetTimestamp();
        await keeper.RestartAsync(context.CancellationToken).ConfigureAwait(false);
        return new RestartResponse { TookNs = (ulong)time.GetElapsedTime(start).Ticks * 100 };
    }

    /// <inheritdoc/>
    public override async Task<KillResponse> Kill(KillRequest request, ServerCallContext context)
    {
        if (request.Name == own.Name)
        {
            log($"{own.Name} is killed by the operator");
            own.End(request.ByPanic ? EndOfLife.ByPanic : EndOfLife.AtOnce, "killed by the operator");
            return new KillResponse();
        }

        ServiceKeeper keeper = Find(request.Name);
        log($"{keeper.Name} is killed by the operator");
        try
        {
            await (request.ByPanic ? keeper.PanicAsync(context.CancellationToken) : Task.Run(() => keeper.Kill("killed by the operator"))).ConfigureAwait(false);
        }
        catch (HypervisorException e)
        {
            throw new RpcException(new Status(StatusCode.Internal, e.Message));
        }

        return new KillResponse();
    }

    private ServiceKeeper Find(string name) => keepers.FirstOrDefault(k => k.Name == name) ?? throw new RpcException(new Status(
        StatusCode.NotFound, $"there is no service {name}: the manifest has {string.Join(", ", keepers.Select(static k => k.Name).Prepend(own.Name))}"));
}
