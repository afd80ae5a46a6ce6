using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Protos.Scheduler;

namespace FakeQemu.Services;

/// <summary>The scheduler of <see cref="FakeSystem"/>.</summary>
internal sealed class FakeScheduler(FakeSystem system) : Scheduler.SchedulerBase
{
    private ulong _looks;

    private readonly List<PoolPolicy> _pools = [new() { Pool = "default", Policy = "credit2", Cpus = { 1, 2 }, HasFloors = true, Notes = { "a note" } }];

    public override Task<GetPolicyResponse> GetPolicy(GetPolicyRequest request, ServerCallContext context) => Task.FromResult(new GetPolicyResponse
    {
        Available = { "credit2", "rtds" },
        Pools = { _pools },
    });

    public override Task<SetPolicyResponse> SetPolicy(SetPolicyRequest request, ServerCallContext context)
    {
        system.Enter(context);
        _pools.Single(p => p.Pool == (request.Pool.Length > 0 ? request.Pool : "default")).Policy = request.Policy;
        return Task.FromResult(new SetPolicyResponse { DurationNs = 1_500_000 });
    }

    public override Task<SetPoolResponse> SetPool(SetPoolRequest request, ServerCallContext context)
    {
        system.Enter(context);
        _pools.RemoveAll(p => p.Pool == request.Pool);
        _pools.Add(new PoolPolicy { Pool = request.Pool, Policy = request.Policy, Cpus = { request.Cpus }, LastFailure = "'bad' was put back" });
        return Task.FromResult(new SetPoolResponse());
    }

    public override Task<DeletePoolResponse> DeletePool(DeletePoolRequest request, ServerCallContext context)
    {
        system.Enter(context);
        _pools.RemoveAll(p => p.Pool == request.Pool);
        return Task.FromResult(new DeletePoolResponse());
    }

    public override Task<GetUsageResponse> GetUsage(GetUsageRequest request, ServerCallContext context)
    {
        _looks++;
        return Task.FromResult(new GetUsageResponse
        {
            NowNs = _looks * 1_000_000_000,
            Cpus = { 1, 2 },
            Vcpus = { new VcpuUsage { Domain = 6, Vcpu = 1, Cpu = 2, State = VcpuState.Running, RanNs = _looks * 250_000_000, Wakeups = _looks * 20, Latency = { 0, 0, (uint)_looks * 20 }, Weight = 256, BudgetNs = 2_000_000, PeriodNs = 20_000_000 } },
        });
    }

    // Two vCPUs of domain 6 take turns of 10 ms on CPU 1, and the first one had waited for 2 ms; CPU 2 loses three slices.
    public override async Task Trace(TraceRequest request, IServerStreamWriter<TracePart> responseStream, ServerCallContext context)
    {
        const ulong begin = 5_000_000_000, turn = 10_000_000;
        system.Enter(context);
        await responseStream.WriteAsync(new TracePart { NowNs = begin, Cpus = { new CpuSlices { Cpu = 1 }, new CpuSlices { Cpu = 2 } } });
        var first = new CpuSlices { Cpu = 1 };
        for (ulong at = 0; at < request.DurationNs; at += turn)
        {
            first.Slices.Add(new Slice
            {
                Domain = 6,
                Vcpu = (uint)(at / turn % 2),
                StartNs = begin + at,
                LengthNs = turn,
                WaitedNs = at == 2 * turn ? 2_000_000u : 0,
                Next = at == 0 ? VcpuState.Blocked : VcpuState.Ready,
            });
        }

        var second = new CpuSlices { Cpu = 2, Lost = 3, Slices = { new Slice { Domain = 2, StartNs = begin + turn, LengthNs = turn, Next = VcpuState.Blocked } } };
        await responseStream.WriteAsync(new TracePart { NowNs = begin + request.DurationNs, Cpus = { first, second } });
    }

    public override Task<GetParametersResponse> GetParameters(GetParametersRequest request, ServerCallContext context)
    {
        lock (system.Lock)
        {
            return Task.FromResult(new GetParametersResponse
            {
                Domains =
                {
                    system.Services.Select(static s => s.Domain).Concat(system.Guests.Select(static g => g.Domain))
                        .Select(d => system.Parameters.TryGetValue(d, out DomainParameters? set) ? set : new() { Domain = d, Weight = 256, Cap = 0, GetsExtraTime = true, Pool = "default", IsService = d < FakeSystem.FirstGuest }),
                },
            });
        }
    }

    public override Task<SetParametersResponse> SetParameters(SetParametersRequest request, ServerCallContext context)
    {
        system.Enter(context);
        lock (system.Lock)
            system.Parameters[request.Parameters.Domain] = request.Parameters;
        if (request.Parameters.IsInteractive)
            request.Parameters.Unhonoured.Add("interactive: no");
        return Task.FromResult(new SetParametersResponse { Parameters = request.Parameters });
    }
}
