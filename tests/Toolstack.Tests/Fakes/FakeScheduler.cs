using System.Collections.Concurrent;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Protos.Scheduler;

namespace Microkernel.Services.Toolstack.Tests.Fakes;

/// <summary>The scheduler. It knows one pool besides the default one.</summary>
internal sealed class FakeScheduler(FakeMachine machine) : Scheduler.SchedulerBase
{
    internal const string OtherPool = "rest";

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
            if (wanted.Pool.Length > 0 && (HasOnlyDefaultPool || wanted.Pool != OtherPool))
                throw new RpcException(new Status(StatusCode.NotFound, $"there is no pool '{wanted.Pool}'"));
            if (!Parameters.ContainsKey(wanted.Domain) && machine.Find(wanted.Domain).HasRun)
                Late.Add(wanted.Domain);
            Parameters.AddOrUpdate(wanted.Domain, wanted, (_, before) => Merge(before, wanted));
            return new SetParametersResponse { Parameters = Parameters[wanted.Domain] };
        }));

    public override Task<GetParametersResponse> GetParameters(GetParametersRequest request, ServerCallContext context) =>
        Task.FromResult(machine.Faults.Run("Scheduler.GetParameters", () => new GetParametersResponse
        {
            Domains = { Parameters.TryGetValue(request.Domains[0], out DomainParameters? found) ? found : throw new RpcException(new Status(StatusCode.NotFound, "no domain")) },
        }));

    private static DomainParameters Merge(DomainParameters before, DomainParameters wanted)
    {
        DomainParameters merged = before.Clone();
        merged.MergeFrom(wanted);
        return merged;
    }
}
