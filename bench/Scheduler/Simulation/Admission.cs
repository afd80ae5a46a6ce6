using System.Collections.Generic;
using System.Linq;

namespace Microkernel.Services.Scheduler.Simulation;

/// <summary>What the core checks before it applies a transaction (docs/scheduler-service.md).</summary>
public static class Admission
{
    private const double FloorShare = 0.2;
    private const double Rounding = 1e-9;

    /// <summary>Why a transaction is refused; null if it is not.</summary>
    public static string? Check(Transaction transaction, CoreState state)
    {
        Dictionary<VcpuKey, VcpuRecord> vcpus = state.Vcpus.ToDictionary(static v => v.Key);
        Dictionary<VcpuKey, VcpuContext> contexts = vcpus.ToDictionary(static v => v.Key, static v => v.Value.Context);
        foreach (ContextChange change in transaction.Contexts)
        {
            if (!vcpus.TryGetValue(change.Vcpu, out VcpuRecord? vcpu))
                return $"{change.Vcpu}: there is no such vCPU";
            if (vcpu.IsService != change.IsWeightOnly)
                return $"{change.Vcpu}: it is a service's";
            if (!change.IsWeightOnly && !IsValid(change.Context))
                return $"{change.Vcpu}: invalid values";
            contexts[change.Vcpu] = change.Context;
        }

        Dictionary<int, double> promised = [];
        foreach (VcpuContext context in contexts.Values.Where(static c => c.BudgetNs > 0))
        {
            int bit = System.Numerics.BitOperations.TrailingZeroCount(context.Affinity);
            promised[bit] = promised.GetValueOrDefault(bit) + ((double)context.BudgetNs / context.PeriodNs);
        }

        ulong floors = state.Vcpus.Where(static v => v.IsService).Aggregate(0UL, static (mask, v) => mask | v.Pin);
        foreach ((int bit, double share) in promised)
        {
            double most = (floors & 1UL << bit) != 0 ? 1 - FloorShare : 1;
            if (share > (most * CpusOf(bit, state)) + Rounding)
                return $"CPU {bit}: too much is promised";
        }

        IEnumerable<TableSlot> slots = transaction.Tables.SelectMany(static t => t.Slots);
        return slots.Any(s => s.LengthNs < CpuTable.ShortestSlotNs || (s.Vcpu is { } vcpu && !vcpus.ContainsKey(vcpu))) ? "a slot is wrong" : null;
    }

    /// <summary>How many CPUs share a bit: one, but in machines larger than the core's masks.</summary>
    private static int CpusOf(int bit, CoreState state) => state.Cpus.Count(cpu => cpu % 64 == bit);

    private static bool IsValid(VcpuContext c) =>
        c.PeriodNs is >= Reservation.ShortestPeriodNs and <= Reservation.LongestPeriodNs && c.BudgetNs <= c.PeriodNs && c.LimitNs <= c.PeriodNs
        && c.BudgetNs is 0 or >= Reservation.LeastBudgetNs && c.Weight is >= 1 and <= DomainSettings.MostWeight && c.Band <= 3
        && (c.BudgetNs == 0 || ulong.IsPow2(c.Affinity));
}
