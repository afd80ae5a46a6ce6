using System;
using System.Collections.Generic;
using System.Linq;
using Microkernel.Services.Scheduler.Simulation;
using NUnit.Framework;
using static Microkernel.Services.Scheduler.Simulation.Machine;

namespace Microkernel.Services.Scheduler.Tests.Simulated;

/// <summary>Policies and the core's own decisions together, in simulated time, over random mixes of guests.</summary>
public sealed class SharingTests
{
    private const int Mixes = 100;

    private static readonly string[] s_byWeight = ["credit2", "credit", "interactive"];

    [Test]
    public void BusyDomainsShareByWeightWithinThreePercent([ValueSource(nameof(s_byWeight))] string policy)
    {
        for (int seed = 1; seed <= Mixes; seed++)
        {
            var random = new Random(seed);
            var system = new SimulatedSystem(1);
            List<(uint Weight, SimVcpu Vcpu)> domains = [];
            for (uint domain = 1; domain <= random.Next(2, 9); domain++)
            {
                uint weight = (uint)random.Next(64, 1024);
                domains.Add((weight, system.Add(domain, new() { Weight = weight }, new Busy())[0]));
            }

            system.Engine.Swap("", policy);
            system.Run(10 * Second);
            double all = domains.Sum(static d => (double)d.Weight), ran = domains.Sum(static d => (double)d.Vcpu.RanNs);
            Assert.That(ran, Is.EqualTo(10 * Second).Within(1).Percent);
            foreach ((uint weight, SimVcpu vcpu) in domains)
                Assert.That(vcpu.RanNs / ran, Is.EqualTo(weight / all).Within(0.03 * weight / all), $"seed {seed}, weight {weight} of {all}");
        }
    }

    [Test]
    public void SharesAreRightOnSeveralCpusToo()
    {
        for (int seed = 1; seed <= Mixes / 5; seed++)
        {
            var random = new Random(seed);
            int cpus = random.Next(2, 5);
            var system = new SimulatedSystem(cpus);
            // As many of each kind as there are CPUs, so that nobody can have more than a CPU.
            uint[] weights = [256, 512, 1024];
            List<SimVcpu> vcpus = [];
            for (uint domain = 0; domain < weights.Length * cpus; domain++)
                vcpus.AddRange(system.Add(domain + 1, new() { Weight = weights[domain % 3] }, new Busy()));
            system.Run(20 * Second);
            double[] shares = [.. weights.Select((_, kind) => vcpus.Where((_, i) => i % 3 == kind).Sum(static v => (double)v.RanNs) / (20 * Second * (ulong)cpus))];
            Assert.That(shares[0], Is.EqualTo(1 / 7.0).Within(0.03 / 7), $"seed {seed}, {cpus} CPUs");
            Assert.That(shares[2], Is.EqualTo(4 / 7.0).Within(0.12 / 7), $"seed {seed}, {cpus} CPUs");
        }
    }

    [Test]
    public void CapsHoldWithinTwoPercentOfACpu([Values("credit2", "credit", "rtds", "interactive")] string policy)
    {
        for (int seed = 1; seed <= Mixes / 5; seed++)
        {
            var random = new Random(seed);
            int cpus = random.Next(1, 4);
            var system = new SimulatedSystem(cpus);
            uint cap = (uint)random.Next(5, 60);
            bool isBusy = random.Next(2) == 0;
            IReadOnlyList<SimVcpu> capped = system.Add(
                1, new() { Cap = cap }, new Busy(), isBusy ? new Busy() : new Bursty(random, 3 * Millisecond, 20 * Millisecond));
            system.Add(2, DomainSettings.None, random.Next(2) == 0 ? new Busy() : new Bursty(random, Millisecond, 10 * Millisecond));
            system.Engine.Swap("", policy);
            system.Run(2 * Second);
            ulong before = Ran();
            system.Run(10 * Second);
            double share = (Ran() - before) / (double)(10 * Second);
            Assert.That(share, Is.LessThanOrEqualTo((cap / 100.0) + 0.02), $"seed {seed}");
            if (cpus > 1 && isBusy)
                Assert.That(share, Is.GreaterThanOrEqualTo((cap / 100.0) - 0.02), $"seed {seed}: {cpus} CPUs have room for it");

            ulong Ran() => capped.Aggregate(0UL, static (sum, v) => sum + v.RanNs);
        }
    }

    [Test]
    public void NoDeadlineIsMissedAtNinetyPercent([Values("rtds", "credit2", "interactive")] string policy, [Values(1, 2, 4)] int cpus)
    {
        for (int seed = 1; seed <= Mixes / 5; seed++)
        {
            var random = new Random(seed);
            var system = new SimulatedSystem(cpus);
            List<Periodic> jobs = [];
            uint domain = 1;
            // 90 % of each CPU, as operators would: some budgets a CPU, with periods that have nothing to do with each other.
            for (int cpu = 0; cpu < cpus; cpu++)
            {
                double left = 0.9;
                while (left > 0.01)
                {
                    ulong period = (ulong)random.Next(5, 100) * Millisecond;
                    double share = Math.Min(left, 0.05 + (random.NextDouble() * 0.4));
                    left -= share;
                    ulong budget = Math.Max(100 * Microsecond, (ulong)(share * period));
                    var job = new Periodic(budget - Microsecond, period);
                    jobs.Add(job);
                    DomainSettings wanted = new() { Reservation = new(budget, period), Pin = CpuBits.Of((uint)cpu) };
                    system.Add(domain++, wanted, job);
                }

                system.Add(domain++, DomainSettings.None, new Busy());
            }

            system.Engine.Swap("", policy);
            system.Run(Second / 2);
            int missed = jobs.Sum(static j => j.Missed), done = jobs.Sum(static j => j.Jobs);
            system.Run(10 * Second);
            Assert.That(jobs.Sum(static j => j.Missed) - missed, Is.Zero, $"seed {seed}");
            Assert.That(jobs.Sum(static j => j.Jobs) - done, Is.GreaterThan(100));
        }
    }

    [Test]
    public void TablesAreKeptWithinAHundredMicroseconds()
    {
        for (int seed = 1; seed <= Mixes / 5; seed++)
        {
            var random = new Random(seed);
            var system = new SimulatedSystem(1);
            for (uint domain = 1; domain <= 3; domain++)
                system.Add(domain, new() { Reservation = new((ulong)random.Next(1, 6) * Millisecond, (20ul << random.Next(2)) * Millisecond), HasExtraTime = false }, new Busy());
            system.Add(4, DomainSettings.None, new Busy());
            system.Engine.Swap("", "arinc653");
            system.Run(Second);
            ulong start = 0, frame = 0;
            IReadOnlyList<TableSlot> table = system.Engine.Current.Pools[0].Plan!.Tables[0];
            frame = table.Aggregate(0UL, static (sum, s) => sum + s.LengthNs);
            List<(SimVcpu Who, ulong From, ulong To)> ran = [];
            system.Machine.OnRan = (who, _, from, to) => ran.Add((who, from, to));
            start = system.Machine.Now;
            system.Run(4 * frame);
            Check(table, frame, ran, start, seed);
        }
    }

    private static void Check(IReadOnlyList<TableSlot> table, ulong frame, List<(SimVcpu Who, ulong From, ulong To)> ran, ulong start, int seed)
    {
        const ulong Tolerance = 100 * Microsecond;
        foreach (VcpuKey vcpu in table.Where(static s => s.Vcpu is not null).Select(static s => s.Vcpu!.Value).Distinct())
        {
            ulong slots = table.Where(s => s.Vcpu == vcpu).Aggregate(0UL, static (sum, s) => sum + s.LengthNs);
            ulong time = ran.Where(r => r.Who.Key == vcpu && r.From >= start && r.To <= start + (4 * frame)).Aggregate(0UL, static (sum, r) => sum + (r.To - r.From));
            // The first and the last piece are cut by the ends of what was looked at.
            Assert.That(time, Is.EqualTo(4 * slots).Within(slots + Tolerance), $"seed {seed}, {vcpu}");
            HashSet<ulong> starts = [.. ran.Where(r => r.Who.Key == vcpu).Select(r => r.From % frame / Tolerance)];
            Assert.That(starts, Has.Count.LessThanOrEqualTo(12 * table.Count(s => s.Vcpu == vcpu)), $"seed {seed}: {vcpu} runs where its slots are");
        }
    }
}
