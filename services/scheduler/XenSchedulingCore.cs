using System.Collections.Generic;
using System.Linq;
using Microkernel.Xen;

namespace Microkernel.Services.Scheduler;

/// <summary>The core, by its calls for scheduling policies.</summary>
internal sealed class XenSchedulingCore : ISchedulingCore
{
    private readonly PolicyCalls _policy;
    private readonly ControlCalls _control;
    private readonly uint[] _cpus;

    internal XenSchedulingCore(ServiceHost host)
    {
        _policy = new PolicyCalls(host.Privcmd);
        _control = new ControlCalls(host.Privcmd);
        // Of all CPUs those that run guests are left; where other pools have some, the first epoch confines this service again.
        ulong guests = _control.Pin(host.Info.Entry, 0, ulong.MaxValue);
        _cpus = [.. Enumerable.Range(0, 64).Select(static cpu => (uint)cpu).Where(cpu => (guests & CpuBits.Of(cpu)) != 0)];
    }

    public CoreState Read()
    {
        SchedulingSnapshot found = _policy.Read();
        return new CoreState(found.Generation, found.Now, _cpus, [.. found.Vcpus.Select(Describe)]);
    }

    public SliceBatch ReadSlices(uint cpu, ulong first)
    {
        Xen.CpuSlices found = _policy.ReadSlices((int)cpu, first);
        return new SliceBatch([.. found.Slices.Select(Describe)], found.Next, found.Lost, found.Now);
    }

    public ApplyResult Apply(Transaction transaction)
    {
        SchedulingChange[] changes = [.. transaction.Contexts.Select(ToChange)];
        Xen.TableSlot[] slots = [.. transaction.Tables.SelectMany(ToSlots)];
        SchedulingResult result = _policy.Apply(transaction.BaseGeneration, changes, slots);
        return result.Error switch
        {
            0 => new ApplyResult(ApplyStatus.Applied),
            ErrorNumber.Stale => new ApplyResult(ApplyStatus.Stale),
            int error => new ApplyResult(ApplyStatus.Refused, Explain(error, result.FailedRecord, changes, slots)),
        };
    }

    public bool Pin(uint domain, uint vcpu, ulong cpus)
    {
        try
        {
            _control.Pin((ushort)domain, vcpu, cpus);
            return true;
        }
        catch (XenException e) when (e.Error is ErrorNumber.NoSuchDomain or ErrorNumber.Invalid or ErrorNumber.Busy)
        {
            return false;
        }
    }

    private static VcpuRecord Describe(SchedulingState state) => new()
    {
        Key = new VcpuKey(state.Id.Domain, state.Id.DomainGeneration, (uint)state.Id.Vcpu),
        IsService = state.HasFloor,
        Activity = (VcpuActivity)state.Place,
        Cpu = (uint)state.Cpu,
        Pin = state.Pin,
        RanNs = state.Ran,
        WaitedNs = state.Waited,
        Wakeups = state.Wakeups,
        Migrations = state.Migrations,
        WorstWaitNs = state.WorstWait,
        Latency = state.Latency,
        Context = new VcpuContext
        {
            BudgetNs = state.Rules.Budget,
            PeriodNs = state.Rules.Period,
            LimitNs = state.Rules.Limit,
            Weight = state.Rules.Weight,
            Band = state.Rules.Band,
            Affinity = state.Effective,
        },
    };

    private static CpuSlice Describe(Xen.CpuSlice slice) =>
        new(slice.Domain, (uint)slice.Vcpu, slice.Start, slice.End, slice.Waited, (VcpuActivity)slice.Next);

    private static SchedulingChange ToChange(ContextChange change)
    {
        VcpuContext context = change.Context;
        return new SchedulingChange(ToId(change.Vcpu), change.IsWeightOnly
            ? SchedulingRules.Usual with { Weight = context.Weight }
            : new SchedulingRules(context.BudgetNs, context.PeriodNs, context.LimitNs, context.Weight, context.Band, context.Affinity));
    }

    private static IEnumerable<Xen.TableSlot> ToSlots(CpuTable table) => table.Slots.Count == 0
        ? [new Xen.TableSlot((int)table.Cpu, null, 0)]
        : table.Slots.Select(slot => new Xen.TableSlot((int)table.Cpu, slot.Vcpu is { } vcpu ? ToId(vcpu) : null, slot.LengthNs, slot.IsStrict));

    private static VcpuId ToId(VcpuKey vcpu) => new((ushort)vcpu.Domain, vcpu.Generation, (int)vcpu.Vcpu);

    private static string Explain(int error, int? failed, SchedulingChange[] changes, Xen.TableSlot[] slots)
    {
        string what = error switch
        {
            ErrorNumber.Busy => "its CPU has not so much left to promise",
            ErrorNumber.NoSuchDomain => "there is no such vCPU",
            ErrorNumber.NotPermitted => "it is a service's, which has a floor",
            ErrorNumber.TooBig => "more vCPUs or slots than there can be",
            ErrorNumber.Invalid => "values that are never possible",
            _ => ErrorNumber.NameOf(error),
        };
        return failed switch
        {
            int at when at < changes.Length => $"domain {changes[at].Id.Domain} vCPU {changes[at].Id.Vcpu}: {what}",
            int at when at - changes.Length < slots.Length => $"the table of CPU {slots[at - changes.Length].Cpu}: {what}",
            _ => what,
        };
    }
}
