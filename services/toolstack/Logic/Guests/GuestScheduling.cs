using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Protos.Scheduler;
using Microkernel.Protos.Toolstack;

namespace Microkernel.Services.Toolstack.Guests;

/// <summary>
/// What the operator wants of the CPUs for a guest. The scheduler knows it by the domain; the guest's record takes it from one domain to the
/// next one.
/// </summary>
internal sealed class GuestScheduling
{
    // Bytes; all that there is to set takes less than 100.
    private const int MostKept = 256;

    private readonly Parts _parts;

    internal GuestScheduling(Parts parts) => _parts = parts;

    /// <summary>What a configuration says.</summary>
    internal static DomainParameters Of(GuestConfig config)
    {
        var parameters = new DomainParameters { Pin = config.CpuPin, Pool = config.CpuPool };
        if (config.HasCpuWeight)
            parameters.Weight = config.CpuWeight;
        if (config.HasCpuCap)
            parameters.Cap = config.CpuCap;
        return parameters;
    }

    /// <summary>
    /// Has the scheduler take a new domain. Also for one of which nothing was said: until then the core would let it run on the CPUs of all
    /// pools.
    /// </summary>
    /// <exception cref="RpcException">It cannot have what was said.</exception>
    internal Task AdmitAsync(Guest guest, CancellationToken cancellation)
    {
        GuestRecord record = guest.Record;
        return record.Starts > 0
            ? ReadmitAsync(guest, cancellation)
            : _parts.Patience.CallAsync(options => _parts.Peers.Scheduler.SetParametersAsync(RequestFor(record, record.Parameters), options), cancellation);
    }

    /// <summary>What a domain has that is about to go; what is known of it already if the scheduler does not say.</summary>
    internal async Task<DomainParameters?> ReadAsync(GuestRecord record, CancellationToken cancellation)
    {
        var request = new GetParametersRequest { Domains = { record.Domain } };
        try
        {
            GetParametersResponse found = await _parts.Patience.CallAsync(options => _parts.Peers.Scheduler.GetParametersAsync(request, options), cancellation).ConfigureAwait(false);
            return Check(found, record.Domain);
        }
        catch (RpcException e)
        {
            _parts.Log($"{record.Config.Name}: what the operator has set for its CPUs since its start is lost: {e.Status.Detail}");
            return record.Parameters;
        }
    }

    /// <summary>A domain that has ended and is kept needs no CPUs: others may have its place and its reserved time.</summary>
    internal async Task RetireAsync(GuestRecord record, CancellationToken cancellation)
    {
        SetParametersRequest request = RequestFor(record, new DomainParameters { Pool = "", Pin = 0, BudgetNs = 0 });
        try
        {
            await _parts.Patience.CallAsync(options => _parts.Peers.Scheduler.SetParametersAsync(request, options), cancellation).ConfigureAwait(false);
        }
        catch (RpcException e)
        {
            _parts.Log($"{record.Config.Name}: it has ended and keeps its place on the CPUs: {e.Status.Detail}");
        }
    }

    /// <summary>What is to be kept of the scheduler's answer. One that is long would fill the record, which has no room for that.</summary>
    private static DomainParameters Check(GetParametersResponse answer, uint domain)
    {
        DomainParameters? parameters = answer.Domains.FirstOrDefault(d => d.Domain == domain);
        parameters?.Unhonoured.Clear();
        return parameters?.CalculateSize() <= MostKept ? parameters : throw Failure.Precondition("the scheduler's answer makes no sense");
    }

    private static bool IsRefusal(StatusCode status) =>
        status is StatusCode.NotFound or StatusCode.InvalidArgument or StatusCode.FailedPrecondition;

    private static SetParametersRequest RequestFor(GuestRecord record, DomainParameters? parameters)
    {
        var request = new SetParametersRequest { Parameters = parameters?.Clone() ?? new DomainParameters() };
        request.Parameters.Domain = record.Domain;
        return request;
    }

    /// <summary>What can still be given where something was refused: first the same without its place and reserved time, then nothing special.</summary>
    private static DomainParameters? LessThan(DomainParameters refused)
    {
        DomainParameters less = refused.Clone();
        less.ClearPool();
        less.ClearPin();
        less.ClearBudgetNs();
        less.ClearPeriodNs();
        if (!less.Equals(refused))
            return less;
        var usual = new DomainParameters();
        return refused.Equals(usual) ? null : usual;
    }

    /// <summary>
    /// Has the scheduler take the domain of a guest that starts again. Nobody is there to choose something else: a scheduler that does not
    /// answer is waited for, and a guest that runs is worth more than its place.
    /// </summary>
    private async Task ReadmitAsync(Guest guest, CancellationToken cancellation)
    {
        DomainParameters wanted = guest.Record.Parameters ?? new DomainParameters();
        while (true)
        {
            try
            {
                await _parts.Patience.InsistAsync(options => _parts.Peers.Scheduler.SetParametersAsync(RequestFor(guest.Record, wanted), options), cancellation).ConfigureAwait(false);
                guest.Change(record => record.Parameters = wanted);
                return;
            }
            catch (RpcException e) when (IsRefusal(e.StatusCode) && LessThan(wanted) is { } less)
            {
                wanted = less;
                string loss = $"it cannot have all that was set for its CPUs any more: {e.Status.Detail}";
                _parts.Log($"{guest.Name}: {loss}");
                _parts.Events.Say(guest, GuestEventKind.Failed, loss);
            }
        }
    }
}
