using System.Linq;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Protos.Scheduler;

namespace FakeQemu.Services;

/// <summary>The scheduler of <see cref="FakeSystem"/>.</summary>
internal sealed class FakeScheduler(FakeSystem system) : Scheduler.SchedulerBase
{
    public override Task<GetPolicyResponse> GetPolicy(GetPolicyRequest request, ServerCallContext context) => Task.FromResult(new GetPolicyResponse
    {
        Available = { "credit2" },
        Pools = { new PoolPolicy { Pool = "default", Policy = "credit2", Cpus = { 1, 2 } } },
    });

    public override Task<GetParametersResponse> GetParameters(GetParametersRequest request, ServerCallContext context)
    {
        lock (system.Lock)
        {
            return Task.FromResult(new GetParametersResponse
            {
                Domains =
                {
                    system.Services.Select(static s => s.Domain).Concat(system.Guests.Select(static g => g.Domain))
                        .Select(d => system.Parameters.TryGetValue(d, out DomainParameters? set) ? set : new() { Domain = d, Weight = 256, Cap = 0 }),
                },
            });
        }
    }

    public override Task<SetParametersResponse> SetParameters(SetParametersRequest request, ServerCallContext context)
    {
        system.Enter(context);
        lock (system.Lock)
            system.Parameters[request.Parameters.Domain] = request.Parameters;
        return Task.FromResult(new SetParametersResponse { Parameters = request.Parameters });
    }
}
