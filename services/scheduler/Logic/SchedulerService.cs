using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Protos.Scheduler;

namespace Microkernel.Services.Scheduler;

/// <summary>The calls of protos/microkernel/scheduler/v1.</summary>
public sealed class SchedulerService : Protos.Scheduler.Scheduler.SchedulerBase
{
    /// <summary>The longest trace, in ns: ten minutes.</summary>
    public const ulong LongestTraceNs = 600_000_000_000;

    private readonly SchedulerEngine _engine;

    /// <summary>Makes it.</summary>
    public SchedulerService(SchedulerEngine engine) => _engine = engine;

    /// <summary>How often a trace looks at the core: often enough for 10,000 slices a second of a CPU, and seldom enough to leave the CPUs to others.</summary>
    public TimeSpan TracePeriod { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <inheritdoc/>
    public override Task<GetPolicyResponse> GetPolicy(GetPolicyRequest request, ServerCallContext context) => Do(() =>
    {
        CoreState state = _engine.Read();
        return new GetPolicyResponse
        {
            Available = { _engine.Policies },
            Pools = { _engine.Current.For(state).Pools.Select(pool => Describe(pool, state)) },
        };
    });

    /// <inheritdoc/>
    public override Task<SetPolicyResponse> SetPolicy(SetPolicyRequest request, ServerCallContext context) => Do(() =>
    {
        long start = Stopwatch.GetTimestamp();
        _engine.Swap(request.Pool, request.Policy);
        return new SetPolicyResponse { DurationNs = (ulong)Stopwatch.GetElapsedTime(start).TotalNanoseconds };
    });

    /// <inheritdoc/>
    public override Task<SetPoolResponse> SetPool(SetPoolRequest request, ServerCallContext context) => Do(() =>
    {
        _engine.SetPool(request.Pool, request.Cpus, request.Policy);
        return new SetPoolResponse();
    });

    /// <inheritdoc/>
    public override Task<DeletePoolResponse> DeletePool(DeletePoolRequest request, ServerCallContext context) => Do(() =>
    {
        _engine.DeletePool(request.Pool);
        return new DeletePoolResponse();
    });

    /// <inheritdoc/>
    public override Task<GetParametersResponse> GetParameters(GetParametersRequest request, ServerCallContext context) => Do(() =>
    {
        List<DomainParameters> all = DescribeAll();
        if (request.Domains.Count == 0)
            return new GetParametersResponse { Domains = { all } };
        return new GetParametersResponse { Domains = { request.Domains.Distinct().Order().Select(domain => Find(all, domain)) } };
    });

    /// <inheritdoc/>
    public override Task<SetParametersResponse> SetParameters(SetParametersRequest request, ServerCallContext context) => Do(() =>
    {
        DomainParameters wanted = request.Parameters ?? throw new RefusedException(RefusalKind.Invalid, "the request has no parameters");
        _engine.Change(wanted.Domain, settings => settings.Merge(wanted));
        return new SetParametersResponse { Parameters = Find(DescribeAll(), wanted.Domain) };
    });

    /// <inheritdoc/>
    public override Task<GetUsageResponse> GetUsage(GetUsageRequest request, ServerCallContext context) => Do(() =>
    {
        CoreState state = _engine.Read();
        IEnumerable<VcpuRecord> wanted = state.Vcpus.Where(v => request.Domains.Count == 0 || request.Domains.Contains(v.Key.Domain));
        return new GetUsageResponse { NowNs = state.NowNs, Cpus = { state.Cpus }, Vcpus = { wanted.OrderBy(static v => v.Key).Select(Describe) } };
    });

    /// <inheritdoc/>
    public override Task Trace(TraceRequest request, IServerStreamWriter<TracePart> responseStream, ServerCallContext context)
    {
        if (request.DurationNs is 0 or > LongestTraceNs)
            throw new RpcException(new Status(StatusCode.InvalidArgument, "a trace takes more than no time, and ten minutes at most"));
        var trace = new SliceTrace(_engine, request.DurationNs, TracePeriod);
        return trace.RunAsync(part => responseStream.WriteAsync(part, context.CancellationToken), context.CancellationToken);
    }

    private static Task<T> Do<T>(Func<T> call)
    {
        try
        {
            return Task.FromResult(call());
        }
        catch (RefusedException e)
        {
            StatusCode status = e.Kind switch
            {
                RefusalKind.NotFound => StatusCode.NotFound,
                RefusalKind.Invalid => StatusCode.InvalidArgument,
                RefusalKind.TryAgain => StatusCode.Unavailable,
                _ => StatusCode.FailedPrecondition,
            };
            throw new RpcException(new Status(status, e.Message));
        }
    }

    private static DomainParameters Find(List<DomainParameters> all, uint domain) => all.FirstOrDefault(d => d.Domain == domain)
        ?? throw new RefusedException(RefusalKind.NotFound, $"there is no domain {domain}");

    private static PoolPolicy Describe(SchedulingPool pool, CoreState state) => new()
    {
        Pool = pool.Name,
        Cpus = { pool.Cpus },
        Policy = pool.PolicyName,
        Previous = pool.Previous,
        LastFailure = pool.LastFailure,
        Notes = { pool.Plan?.Notes ?? [] },
        HasFloors = state.Vcpus.Any(v => v.IsService && (v.Pin & pool.Mask) != 0),
    };

    private static VcpuUsage Describe(VcpuRecord vcpu) => new()
    {
        Domain = vcpu.Key.Domain,
        DomainGeneration = vcpu.Key.Generation,
        Vcpu = vcpu.Key.Vcpu,
        Cpu = vcpu.Cpu,
        State = (VcpuState)vcpu.Activity,
        RanNs = vcpu.RanNs,
        WaitedNs = vcpu.WaitedNs,
        Wakeups = vcpu.Wakeups,
        Migrations = vcpu.Migrations,
        WorstWaitNs = vcpu.WorstWaitNs,
        Latency = { vcpu.Latency },
        Weight = vcpu.Context.Weight,
        BudgetNs = vcpu.Context.BudgetNs,
        PeriodNs = vcpu.Context.PeriodNs,
        LimitNs = vcpu.Context.LimitNs,
        Band = vcpu.Context.Band,
        Affinity = vcpu.Context.Affinity,
    };

    private List<DomainParameters> DescribeAll()
    {
        CoreState state = _engine.Read();
        Setup setup = _engine.Current.For(state);
        return [.. state.Vcpus.GroupBy(static v => DomainKey.Of(v.Key)).OrderBy(static d => d.Key.Domain).Select(d => Describe(setup, d.Key, d.First()))];
    }

    private static DomainParameters Describe(Setup setup, DomainKey key, VcpuRecord first)
    {
        DomainSettings settings = setup.Of(key);
        DomainParameters message = settings.ToMessage(key.Domain);
        message.IsService = first.IsService;
        message.Weight = settings.Weight ?? (first.IsService ? first.Context.Weight : DomainSettings.UsualWeight);
        IEnumerable<Unhonoured> missed = setup.Find(settings.Pool)?.Plan?.Unhonoured ?? [];
        message.Unhonoured.AddRange(missed.Where(u => u.Domain == key.Domain).Select(static u => u.What).Distinct());
        return message;
    }
}
