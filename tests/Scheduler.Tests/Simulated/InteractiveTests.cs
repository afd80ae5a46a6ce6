using System;
using System.Collections.Generic;
using System.Threading.Tasks;
using Microkernel.Services.Scheduler.Simulation;
using NUnit.Framework;
using static Microkernel.Services.Scheduler.Simulation.Machine;

namespace Microkernel.Services.Scheduler.Tests.Simulated;

/// <summary>The policy interactive against credit2.</summary>
public sealed class InteractiveTests
{
    [Test]
    public async Task ADomainThatPeopleWaitForRunsAtOnceBesideBusyOnes()
    {
        double credit2 = Latency("credit2"), interactive = Latency("interactive");
        await TestContext.Out.WriteLineAsync($"95th percentile of wake-up latency beside busy guests: credit2 {credit2 / 1e6:0.00} ms, interactive {interactive / 1e6:0.00} ms");
        Assert.That(interactive, Is.LessThan(credit2 / 2));
    }

    [Test]
    public void WhoOnlyPretendsHasNoMoreThanTheBudget()
    {
        // It wakes up often and does a little for a second, then computes without end.
        var system = new SimulatedSystem(1);
        SimVcpu liar = system.Add(1, DomainSettings.None, new Liar(3 * Second))[0];
        List<SimVcpu> others = [];
        for (uint domain = 2; domain < 5; domain++)
            others.AddRange(system.Add(domain, DomainSettings.None, new Busy()));
        system.Engine.Swap("", "interactive");
        system.Run(3 * Second);
        ulong before = liar.RanNs;
        system.Run(10 * Second);
        Assert.That((liar.RanNs - before) / (double)(10 * Second), Is.LessThan(0.25 + 0.1));
    }

    /// <summary>A guest that does much at a time, so that weights alone do not put it first, and is waited for nevertheless.</summary>
    private static double Latency(string policy)
    {
        var system = new SimulatedSystem(1);
        SimVcpu waitedFor = system.Add(1, DomainSettings.None, new Bursty(new Random(1), 4 * Millisecond, 40 * Millisecond))[0];
        for (uint domain = 2; domain < 6; domain++)
            system.Add(domain, new() { Weight = 1024 }, new Busy());
        system.Engine.Swap("", policy);
        system.Run(60 * Second);
        return waitedFor.Latencies.Percentile(0.95);
    }

    private sealed class Liar(ulong until) : Behaviour
    {
        public override ulong Burst(ulong now) => now > until ? ForEver : Millisecond;

        public override ulong SleepUntil(ulong now) => now + (10 * Millisecond);
    }
}
