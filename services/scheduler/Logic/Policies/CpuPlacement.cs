using System;
using System.Collections.Generic;
using System.Linq;

namespace Microkernel.Services.Scheduler;

/// <summary>
/// Finds a CPU for each guarantee, so that no CPU promises more than it has: the emptiest one that has room, the largest guarantees first. Who has
/// a place keeps it, unless an operator's guarantee finds room only if all are placed anew.
/// </summary>
public sealed class CpuPlacement
{
    private const double Rounding = 1e-9;

    private Dictionary<VcpuKey, uint> _places = [];

    /// <summary>Places what it can.</summary>
    /// <param name="pool">The pool.</param>
    /// <param name="wanted">At most one for each vCPU.</param>
    /// <param name="share">The part of each CPU that may be promised to operators; to others it is <see cref="PoolView.UnaskedShare"/> at most.</param>
    /// <returns>The CPU of each vCPU that has found one.</returns>
    public IReadOnlyDictionary<VcpuKey, uint> Place(PoolView pool, IReadOnlyCollection<Guarantee> wanted, double share)
    {
        List<Guarantee> ordered = [.. wanted.OrderByDescending(static g => g.IsOperators)
            .ThenByDescending(static g => g.Reservation.Share).ThenBy(static g => g.Vcpu.Key)];
        Dictionary<VcpuKey, uint> kept = Try(pool, ordered, share, _places);
        if (ordered.Any(g => g.IsOperators && !kept.ContainsKey(g.Vcpu.Key)))
        {
            Dictionary<VcpuKey, uint> anew = Try(pool, ordered, share, []);
            if (Operators(anew) > Operators(kept))
                kept = anew;
        }

        _places = kept;
        return kept;

        int Operators(Dictionary<VcpuKey, uint> places) => ordered.Count(g => g.IsOperators && places.ContainsKey(g.Vcpu.Key));
    }

    private static Dictionary<VcpuKey, uint> Try(PoolView pool, List<Guarantee> ordered, double share, Dictionary<VcpuKey, uint> before)
    {
        Dictionary<uint, double> loads = pool.Cpus.ToDictionary(static cpu => cpu, static _ => 0.0);
        Dictionary<VcpuKey, uint> places = [];
        // Of equal rank, who has a place goes first.
        foreach (Guarantee guarantee in ordered.OrderByDescending(static g => g.IsOperators).ThenByDescending(g => before.ContainsKey(g.Vcpu.Key)))
        {
            double needed = guarantee.Reservation.Share, most = guarantee.IsOperators ? share : Math.Min(share, PoolView.UnaskedShare);
            if (!(before.TryGetValue(guarantee.Vcpu.Key, out uint cpu) && Fits(cpu)))
            {
                uint[] fitting = [.. loads.Keys.Where(Fits)];
                if (fitting.Length == 0)
                    continue;
                cpu = fitting.MinBy(c => (loads[c], c != guarantee.Vcpu.Cpu, c));
            }

            loads[cpu] += needed;
            places[guarantee.Vcpu.Key] = cpu;

            bool Fits(uint c) => loads.TryGetValue(c, out double load) && guarantee.Vcpu.Allows(c) && load + needed <= most + Rounding;
        }

        return places;
    }
}
