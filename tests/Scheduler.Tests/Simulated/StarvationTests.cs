using System;
using System.Collections.Generic;
using System.Linq;
using Microkernel.Services.Scheduler.Simulation;
using NUnit.Framework;
using static Microkernel.Services.Scheduler.Simulation.Machine;

namespace Microkernel.Services.Scheduler.Tests.Simulated;

/// <summary>
/// Nobody starves under a policy, and no swap loses anybody. The bound, in docs/scheduler-service.md: between two turns of a vCPU
/// each other one has at most its weight over this one's, and two, slices of 10 ms of what is not reserved, which is 5 % of a CPU at least.
/// </summary>
public sealed class StarvationTests
{
    private const ulong Slice = 10 * Millisecond;

    private static readonly string[] s_swappable = ["credit2", "credit", "rtds", "interactive", "arinc653", "null"];

    [Test]
    public void NobodyStarvesInAnyMix([Values("credit2", "credit", "rtds", "interactive")] string policy)
    {
        for (int seed = 1; seed <= 100; seed++)
        {
            SimulatedSystem system = Mix(seed, 2);
            system.Engine.Swap("", policy);
            system.Run(6 * Second);
            NobodyHasStarved(system, $"seed {seed}");
        }
    }

    [Test]
    public void ServicesHaveTheirFloorWhateverPoliciesPromise([Values("credit2", "rtds", "interactive", "arinc653")] string policy)
    {
        for (int seed = 1; seed <= 40; seed++)
        {
            var random = new Random(seed);
            var system = new SimulatedSystem(1);
            SimVcpu service = system.AddService(1, new Bursty(random, Millisecond, 30 * Millisecond));
            for (uint domain = 2; domain < 6; domain++)
                system.Add(domain, new() { Weight = 65535, Reservation = new(18 * Millisecond, 100 * Millisecond), Priority = 3 }, new Busy());
            system.Engine.Swap("", policy);
            system.Run(5 * Second);
            Assert.That(service.Latencies.Worst, Is.LessThanOrEqualTo(10 * Millisecond), $"seed {seed}");
            Assert.That(service.Latencies.Count, Is.GreaterThan(50));
        }
    }

    [Test]
    public void AllPairsOfPoliciesAreSwappedUnderLoadAndNothingIsLost()
    {
        SimulatedSystem system = Mix(7, 2, mayReserve: false);
        var before = system.Machine.Vcpus.Keys.Select(static v => v.Domain).Distinct().ToDictionary(static d => d, d => system.Engine.Current.Of(new(d, 1)));
        foreach (string from in s_swappable)
        {
            foreach (string to in s_swappable)
            {
                foreach (string policy in new[] { from, to })
                {
                    system.Engine.Swap("", policy);
                    system.Run(Second);
                }
            }
        }

        NobodyHasStarved(system, "swaps");
        EverybodyGoesOn(system, "swaps");
        Assert.That(system.Said, Is.Empty);
        foreach ((uint domain, DomainSettings wanted) in before)
            Assert.That(system.Engine.Current.Of(new(domain, 1)), Is.EqualTo(wanted));
    }

    [Test]
    public void TwoHundredSwapsInARowStopNobody()
    {
        SimulatedSystem system = Mix(3, 2, mayReserve: false);
        var random = new Random(5);
        for (int swap = 0; swap < 200; swap++)
        {
            system.Engine.Swap("", s_swappable[random.Next(s_swappable.Length)]);
            system.Run((ulong)random.Next(1, 40) * Millisecond);
        }

        NobodyHasStarved(system, "swaps");
        EverybodyGoesOn(system, "swaps");
    }

    [Test]
    public void DomainsComeAndGoWhilePoliciesChange()
    {
        for (int seed = 1; seed <= 20; seed++)
        {
            var random = new Random(seed);
            var system = new SimulatedSystem(3);
            uint next = 1;
            List<uint> present = [];
            for (int step = 0; step < 60; step++)
            {
                if (present.Count < 2 || random.Next(2) == 0)
                {
                    system.Add(next, Wishes(random, mayReserve: false), Load(random), Load(random));
                    present.Add(next++);
                }
                else
                {
                    int at = random.Next(present.Count);
                    system.Machine.Remove(present[at]);
                    system.Core.Changed();
                    present.RemoveAt(at);
                }

                if (random.Next(4) == 0)
                    system.Engine.Swap("", s_swappable[random.Next(s_swappable.Length)]);
                system.Run((ulong)random.Next(1, 300) * Millisecond);
            }

            Assert.That(system.Said, Is.Empty, $"seed {seed}");
            EverybodyGoesOn(system, $"seed {seed}");
        }
    }

    /// <summary>No wake-up is lost: everybody gets time again, capped or not.</summary>
    private static void EverybodyGoesOn(SimulatedSystem system, string what)
    {
        system.Engine.Swap("", "credit2");
        Dictionary<VcpuKey, ulong> ran = system.Machine.Vcpus.ToDictionary(static v => v.Key, static v => v.Value.RanNs);
        system.Run(30 * Second);
        foreach (SimVcpu vcpu in system.Machine.Vcpus.Values)
            Assert.That(vcpu.RanNs, Is.GreaterThan(ran[vcpu.Key]), $"{what}: {vcpu.Key}");
    }

    private static void NobodyHasStarved(SimulatedSystem system, string what)
    {
        foreach (SimVcpu vcpu in system.Machine.Vcpus.Values)
        {
            DomainSettings settings = system.Engine.Current.Of(DomainKey.Of(vcpu.Key));
            if (settings.Cap > 0)
                continue;
            double weight = settings.Weight ?? DomainSettings.UsualWeight;
            double bound = system.Machine.Vcpus.Values.Sum(other => (Weight(other) / weight) + 2) * Slice / PoolView.SlackShare;
            Assert.That(Math.Max(vcpu.LongestWaitNs, vcpu.PresentWait(system.Machine.Now)), Is.LessThan(bound), $"{what}: {vcpu.Key}");
        }

        double Weight(SimVcpu vcpu) => system.Engine.Current.Of(DomainKey.Of(vcpu.Key)).Weight ?? DomainSettings.UsualWeight;
    }

    private static SimulatedSystem Mix(int seed, int cpus, bool mayReserve = true)
    {
        var random = new Random(seed);
        var system = new SimulatedSystem(cpus);
        for (uint domain = 1; domain <= random.Next(3, 9); domain++)
        {
            try
            {
                system.Add(domain, Wishes(random, mayReserve), [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Load(random))]);
            }
            catch (RefusedException)
            {
                // There was no room for its reservation: it runs without.
            }
        }

        return system;
    }

    private static DomainSettings Wishes(Random random, bool mayReserve) => new()
    {
        Weight = (uint)random.Next(32, 2048),
        Cap = random.Next(5) == 0 ? (uint)random.Next(10, 100) : 0,
        IsInteractive = random.Next(5) == 0,
        Priority = (uint)random.Next(4),
        Reservation = mayReserve && random.Next(3) == 0 ? new((ulong)random.Next(1, 5) * Millisecond, (ulong)random.Next(10, 50) * Millisecond) : null,
    };

    private static Behaviour Load(Random random) => random.Next(3) switch
    {
        0 => new Busy(),
        1 => new Bursty(random, (ulong)random.Next(100, 3000) * Microsecond, (ulong)random.Next(5, 100) * Millisecond),
        _ => new Bursty(random, (ulong)random.Next(10, 100) * Millisecond, (ulong)random.Next(1, 30) * Millisecond),
    };
}
