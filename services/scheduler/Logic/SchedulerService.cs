using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Protos.Scheduler;

namespace Microkernel.Services.Scheduler;

/// <summary>
/// The calls of protos/microkernel/scheduler/v1. The core holds the parameters in force, so that nothing is lost when this service
/// is restarted: every answer comes from there.
/// </summary>
public sealed class SchedulerService : Protos.Scheduler.Scheduler.SchedulerBase
{
    /// <summary>The one policy.</summary>
    public const string Policy = "credit2";

    /// <summary>The one pool, of all CPUs.</summary>
    public const string Pool = "default";

    private const uint PercentOfACpu = 100;

    private readonly ISchedulingCore _core;

    /// <summary>Makes it.</summary>
    public SchedulerService(ISchedulingCore core) => _core = core;

    /// <inheritdoc/>
    public override Task<GetPolicyResponse> GetPolicy(GetPolicyRequest request, ServerCallContext context) =>
        Task.FromResult(new GetPolicyResponse
        {
            Available = { Policy },
            Pools = { new PoolPolicy { Pool = Pool, Policy = Policy, Cpus = { _core.ListCpus() } } },
        });

    /// <inheritdoc/>
    public override Task<SetPolicyResponse> SetPolicy(SetPolicyRequest request, ServerCallContext context)
    {
        if (request.Pool is not ("" or Pool))
            throw Failure(StatusCode.NotFound, $"there is no pool '{request.Pool}': '{Pool}' has all CPUs");
        if (request.Policy != Policy)
            throw Failure(StatusCode.FailedPrecondition, $"there is no policy '{request.Policy}': '{Policy}' is the only one, and in force");
        return Task.FromResult(new SetPolicyResponse());
    }

    /// <inheritdoc/>
    public override Task<GetParametersResponse> GetParameters(GetParametersRequest request, ServerCallContext context)
    {
        // One that ends between the two questions is left out, unless it was asked for.
        IEnumerable<DomainParameters> found = request.Domains.Count == 0
            ? _core.ListDomains().Select(domain => (domain, Parameters: _core.Get(domain)))
                .Where(static d => d.Parameters is not null).Select(static d => Describe(d.domain, d.Parameters!.Value))
            : request.Domains.Distinct().Select(domain => Describe(domain, Find(domain)));
        return Task.FromResult(new GetParametersResponse { Domains = { found.OrderBy(static d => d.Domain) } });
    }

    /// <inheritdoc/>
    public override Task<SetParametersResponse> SetParameters(SetParametersRequest request, ServerCallContext context)
    {
        DomainParameters wanted = request.Parameters ?? throw Failure(StatusCode.InvalidArgument, "the request has no parameters");
        RefuseOthers(wanted);
        Credit credit = Find(wanted.Domain);
        if (wanted.HasWeight)
            credit = credit with { Weight = CheckWeight(wanted.Weight) };
        if (wanted.HasCap)
            credit = credit with { Cap = CheckCap(wanted.Cap) };
        try
        {
            if (!_core.Set(wanted.Domain, credit))
                throw NoDomain(wanted.Domain);
        }
        catch (SchedulingException e)
        {
            throw Failure(StatusCode.FailedPrecondition, e.Message);
        }

        return Task.FromResult(new SetParametersResponse { Parameters = Describe(wanted.Domain, Find(wanted.Domain)) });
    }

    private static DomainParameters Describe(uint domain, Credit credit) => new() { Domain = domain, Weight = credit.Weight, Cap = credit.Cap };

    private static ushort CheckWeight(uint weight) => weight is >= 1 and <= ushort.MaxValue
        ? (ushort)weight
        : throw Failure(StatusCode.InvalidArgument, $"a weight of {weight}: it must be 1 to {ushort.MaxValue}; 256 is usual");

    /// <summary>What no policy here understands would be forgotten with this service, so it is not taken.</summary>
    private static void RefuseOthers(DomainParameters wanted)
    {
        if (wanted.HasPriority || wanted.HasIsInteractive || wanted.HasBudgetNs || wanted.HasPeriodNs)
            throw Failure(StatusCode.FailedPrecondition, $"the policy '{Policy}', the only one, has weight and cap, and no other parameters");
    }

    private static RpcException NoDomain(uint domain) => Failure(StatusCode.NotFound, $"there is no domain {domain}");

    private static RpcException Failure(StatusCode status, string message) => new(new Status(status, message));

    private Credit Find(uint domain) => _core.Get(domain) ?? throw NoDomain(domain);

    private ushort CheckCap(uint cap)
    {
        uint most = System.Math.Min(PercentOfACpu * (uint)_core.ListCpus().Count, ushort.MaxValue);
        return cap <= most
            ? (ushort)cap
            : throw Failure(StatusCode.InvalidArgument, $"a cap of {cap}: it is in percent of a CPU, at most {most} here, and 0 for none");
    }
}
