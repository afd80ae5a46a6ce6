using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Protos.Scheduler;

namespace Microkernel.Services.Toolstack.Tests.Fakes;

/// <summary>The scheduler. It knows one pool besides the default one.</summary>
internal sealed class FakeScheduler(FakeMachine machine) : Scheduler.SchedulerBase
{
    internal const string OtherPool = "rest";

    /// <summary>The time that all domains together can reserve, in ns.</summary>
    internal const ulong Period = 10_000_000;

    /// <summary>What each domain has; a domain of which nothing is here would run by no policy's rules.</summary>
    internal ConcurrentDictionary<uint, DomainParameters> Parameters { get; } = new();

    /// <summary>The other pool is gone.</summary>
    internal bool HasOnlyDefaultPool { get; set; }

    /// <summary>Domains that had run before they were admitted.</summary>
    internal ConcurrentBag<uint> Late { get; } = [];

    public override Task<SetParametersResponse> SetParameters(SetParametersRequest request, ServerCallContext context) =>
        Task.FromResult(machine.Faults.Run("Scheduler.SetParameters", () =>
        {
            DomainParameters wanted = request.Parameters;
            CheckExists(wanted.Domain);
            if (wanted.Pool is not ("" or "default") && (HasOnlyDefaultPool || wanted.Pool != OtherPool))
                throw new RpcException(new Status(StatusCode.NotFound, $"there is no pool '{wanted.Pool}'"));
            if (wanted.BudgetNs + machine.All().Where(d => d.Id != wanted.Domain).Aggregate(0UL, (sum, d) => sum + Of(d.Id).BudgetNs) > Period)
                throw new RpcException(new Status(StatusCode.FailedPrecondition, "no CPU has so much left"));
            if (!Parameters.ContainsKey(wanted.Domain) && machine.Find(wanted.Domain).HasRun)
                Late.Add(wanted.Domain);
            Parameters.AddOrUpdate(wanted.Domain, wanted, (_, before) => Merge(before, wanted));
            return new SetParametersResponse { Parameters = Parameters[wanted.Domain] };
        }));

    public override Task<GetParametersResponse> GetParameters(GetParametersRequest request, ServerCallContext context) =>
        Task.FromResult(machine.Faults.Run("Scheduler.GetParameters", () =>
        {
            CheckExists(request.Domains[0]);
            return new GetParametersResponse { Domains = { Of(request.Domains[0]) } };
        }));

    private void CheckExists(uint domain)
    {
        if (machine.All().All(d => d.Id != domain))
            throw new RpcException(new Status(StatusCode.NotFound, $"there is no domain {domain}"));
    }

    private DomainParameters Of(uint domain) => Parameters.GetValueOrDefault(domain) ?? new DomainParameters { Domain = domain, Weight = 256, Pool = "default" };

    private static DomainParameters Merge(DomainParameters before, DomainParameters wanted)
    {
        DomainParameters merged = before.Clone();
        merged.MergeFrom(wanted);
        return merged;
    }
}
