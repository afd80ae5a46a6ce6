using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Protos.Supervisor;

namespace FakeQemu.Services;

/// <summary>The supervisor of <see cref="FakeSystem"/>.</summary>
internal sealed class FakeSupervisor(FakeSystem system) : Supervisor.SupervisorBase
{
    public override Task<ListResponse> List(ListRequest request, ServerCallContext context)
    {
        system.Enter(context);
        lock (system.Lock)
            return Task.FromResult(new ListResponse { Services = { system.Services } });
    }

    public override Task<RestartResponse> Restart(RestartRequest request, ServerCallContext context)
    {
        system.Enter(context);
        Find(request.Name).Restarts++;
        return Task.FromResult(new RestartResponse { TookNs = 1_200_000_000 });
    }

    public override Task<KillResponse> Kill(KillRequest request, ServerCallContext context)
    {
        system.Enter(context);
        ServiceInfo service = Find(request.Name);
        (service.Restarts, service.LastEnd) = (service.Restarts + 1, "killed by the operator");
        return Task.FromResult(new KillResponse());
    }

    private ServiceInfo Find(string name) => system.Services.Find(s => s.Name == name)
        ?? throw new RpcException(new Status(StatusCode.NotFound, $"there is no service '{name}'"));
}
