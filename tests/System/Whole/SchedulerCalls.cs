using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Protos.Scheduler;
using Mk.Tracing;

namespace Mk.SystemTests.Whole;

/// <summary>What the fixtures about policies ask of the scheduler of a system.</summary>
internal sealed class SchedulerCalls(WholeSystem system)
{
    /// <summary>The pool that the guests of these fixtures are in.</summary>
    internal const string Pool = "guests";

    private static readonly string[] s_policies = ["credit2", "credit", "rtds", "interactive", "arinc653", "null"];

    private Scheduler.SchedulerClient Client => system.Services.Scheduler;

    /// <summary>Policies to swap to, one after the other, from the first one on: each ordered pair once in every round.</summary>
    internal static IEnumerable<string> AllPairs()
    {
        // A round trip through the complete graph: from each policy to each later one and back, then on to the next.
        for (int from = 0; from < s_policies.Length; from++)
        {
            for (int to = from + 2; to < s_policies.Length; to++)
            {
                yield return s_policies[to];
                yield return s_policies[from];
            }

            if (from + 1 < s_policies.Length)
                yield return s_policies[from + 1];
        }

        for (int to = s_policies.Length - 2; to >= 0; to--)
            yield return s_policies[to];
    }

    /// <summary>Puts the last CPUs into a pool of their own, where no service runs.</summary>
    /// <returns>Their numbers.</returns>
    internal async Task<IReadOnlyList<uint>> MakePoolAsync(int cpus = 1)
    {
        uint[] taken = [.. (await GetPolicyAsync()).Pools.Single().Cpus.TakeLast(cpus)];
        await Client.SetPoolAsync(new SetPoolRequest { Pool = Pool, Cpus = { taken } }, system.Services.Brief);
        return taken;
    }

    /// <summary>Changes a pool's policy.</summary>
    /// <returns>How long the service took, in milliseconds.</returns>
    internal async Task<double> SwapAsync(string policy, string pool = Pool)
    {
        SetPolicyResponse done = await system.Services.RepeatAsync(options => Client.SetPolicyAsync(new SetPolicyRequest { Pool = pool, Policy = policy }, options));
        return done.DurationNs / 1e6;
    }

    internal Task<GetPolicyResponse> GetPolicyAsync() =>
        system.Services.RepeatAsync(options => Client.GetPolicyAsync(new GetPolicyRequest(), options));

    /// <summary>Follows who runs on which CPU for a while.</summary>
    internal async Task<SchedTrace> TraceAsync(TimeSpan length)
    {
        var recording = new TraceRecording((long)length.TotalNanoseconds);
        using AsyncServerStreamingCall<TracePart> call = Client.Trace(new TraceRequest { DurationNs = (ulong)length.TotalNanoseconds });
        while (await call.ResponseStream.MoveNext(CancellationToken.None))
            recording.Add(call.ResponseStream.Current);
        return recording.Finish(isWhole: true)!;
    }

    internal Task<GetUsageResponse> GetUsageAsync() =>
        system.Services.RepeatAsync(options => Client.GetUsageAsync(new GetUsageRequest(), options));

    internal Task<GetParametersResponse> GetParametersAsync() =>
        system.Services.RepeatAsync(options => Client.GetParametersAsync(new GetParametersRequest(), options));

    /// <summary>Sets what operators want for a domain.</summary>
    internal Task SetAsync(DomainParameters parameters) =>
        system.Services.RepeatAsync(options => Client.SetParametersAsync(new SetParametersRequest { Parameters = parameters }, options));

    /// <summary>What operators want for each domain.</summary>
    internal async Task<List<string>> WishesAsync() =>
        [.. (await GetParametersAsync()).Domains.Select(static d => $"{d.Domain} {d.Weight} {d.Cap} {d.BudgetNs} {d.PeriodNs} {d.Pool} {d.Pin}")];

    /// <summary>What the core goes by for the vCPUs of some domains.</summary>
    internal async Task<List<string>> ContextsAsync(ICollection<uint> domains) =>
        [.. (await GetUsageAsync()).Vcpus.Where(v => domains.Contains(v.Domain)).Select(static v => $"{v.Domain}.{v.Vcpu} {v.Weight} {v.BudgetNs} {v.PeriodNs} {v.LimitNs} {v.Band} {v.Affinity:x}")];
}
