using System;
using System.Collections.Generic;
using System.Linq;
using Microkernel.Core.Abi;
using Microkernel.Core.Dispatch;
using Microkernel.Core.Domains;
using Microkernel.Core.Tests.Fakes;
using Microkernel.Core.Vcpus;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Dispatch;

/// <summary>The dispatcher on simulated CPUs: each has its own time, and the one that is behind makes the next step.</summary>
[TestFixture]
public sealed class DispatcherTests
{
    private const ulong Millisecond = 1_000_000;

    [TestCase(1, 2)]
    [TestCase(1, 5)]
    [TestCase(2, 2)]
    [TestCase(2, 3)]
    [TestCase(2, 7)]
    [TestCase(4, 5)]
    [TestCase(8, 10)]
    public void BusyDomainsGetEqualShares(int cpus, int domains)
    {
        Simulation simulation = new(cpus, domains);
        simulation.Run(10_000 * Millisecond);
        double expected = Math.Min(1.0, (double)cpus / domains);
        foreach (double share in simulation.Shares())
        {
            Assert.That(share, Is.EqualTo(expected).Within(0.03 * expected));
        }
    }

    [TestCase(2, 1, 3)]
    [TestCase(3, 1, 2)]
    [TestCase(3, 1, 5)]
    [TestCase(5, 2, 4)]
    public void GuestsRunOnlyWhereTheyMay(int cpus, int reserved, int domains)
    {
        Simulation simulation = new(cpus, domains, reserved: reserved);
        simulation.Run(10_000 * Millisecond);
        double expected = Math.Min(1.0, (double)(cpus - reserved) / domains);
        Assert.That(simulation.Shares(), Has.All.EqualTo(expected).Within(0.03 * expected));
        Assert.That(simulation.RanOn.Take(reserved), Has.All.Zero);
        Assert.That(simulation.RanOn.Skip(reserved), Has.None.Zero);
    }

    [Test]
    public void AnIdleCpuThatRunsNoGuestsIsNotWokenForThem()
    {
        Simulation simulation = new(cpus: 3, domains: 2, startAll: false, reserved: 1);
        TestHost host = simulation.Host;
        foreach (PhysicalCpu cpu in host.Kernel.Cpus)
        {
            cpu.IsIdle = true;
        }

        simulation.Start(0);
        simulation.Start(1);
        Assert.That(host.Machine.Kicks, Is.EqualTo(new[] { 0, 2, 0 }), "each of one vCPU, whose home is CPU 1");
        host.Kernel.Cpus[1].IsIdle = false;
        host.Kernel.Cpus[1].Current = host.Vcpu(0);
        host.Vcpu(1).State = VcpuState.Blocked;
        host.Kernel.Dispatcher.Wake(host.Vcpu(1));
        Assert.That(host.Vcpu(1).Cpu.Index, Is.EqualTo(2));
    }

    [Test]
    public void AnIdleCpuIsCalledWhenSomebodyWaits()
    {
        Simulation simulation = new(cpus: 2, domains: 2, startAll: false);
        TestHost host = simulation.Host;
        simulation.Start(0);
        simulation.Start(1);
        Assert.That(host.Kernel.Cpus[0].Schedule.Count, Is.EqualTo(2), "both woke while nobody ran there");
        host.Machine.RunAs(0);
        host.Kernel.Dispatcher.Step(host.Kernel.Cpus[0]);
        Assert.That(host.Machine.Kicks[1], Is.Zero, "it is not idle");
        host.Kernel.Cpus[1].IsIdle = true;
        host.Kernel.Dispatcher.Step(host.Kernel.Cpus[0]);
        Assert.That(host.Machine.Kicks[1], Is.EqualTo(1));
        host.Kernel.Cpus[1].IsIdle = false;
        host.Machine.RunAs(1);
        host.Kernel.Dispatcher.Step(host.Kernel.Cpus[1]);
        Assert.That(simulation.RanOn[1], Is.GreaterThan(0));
        host.Machine.RunAs(0);
        host.Kernel.Cpus[1].IsIdle = true;
        host.Kernel.Dispatcher.Step(host.Kernel.Cpus[0]);
        Assert.That(host.Machine.Kicks[1], Is.EqualTo(1), "nobody waits any more");
    }

    [Test]
    public void WeightsDivideACpu()
    {
        Simulation simulation = new(cpus: 1, domains: 3);
        int[] weights = [256, 512, 1024];
        for (int i = 0; i < 3; i++)
        {
            simulation.Host.Vcpu(i).Scheduling.Weight = weights[i];
        }

        simulation.Run(20_000 * Millisecond);
        double[] shares = simulation.Shares();
        Assert.That(shares[1] / shares[0], Is.EqualTo(2).Within(0.06));
        Assert.That(shares[2] / shares[0], Is.EqualTo(4).Within(0.12));
    }

    [Test]
    public void AVcpuThatSleptDoesNotStarveTheOthersAfterwards()
    {
        Simulation simulation = new(cpus: 1, domains: 2, startAll: false);
        simulation.Start(0);
        simulation.Run(5_000 * Millisecond);
        simulation.Start(1);
        ulong before = simulation.Ran[0];
        simulation.Run(5_100 * Millisecond);
        Assert.That(simulation.Ran[0] - before, Is.GreaterThan(30 * Millisecond));
    }

    [Test]
    public void AWakeUpWhileTheVcpuDecidesToBlockIsNotLost()
    {
        Simulation simulation = new(cpus: 1, domains: 1);
        Vcpu vcpu = simulation.Host.Vcpu(0);
        int runs = 0;
        simulation.Host.Hardware(0).OnRun = () =>
        {
            vcpu.Take((PendingWork)~0);
            vcpu.WantsBlock = true;
            if (++runs == 1)
            {
                vcpu.PostLocally(PendingWork.Wake);
            }
        };
        simulation.Host.Kernel.Dispatcher.Step(simulation.Host.Kernel.Cpus[0]);
        Assert.That(runs, Is.EqualTo(2), "entered again because of the wake-up");
        Assert.That(vcpu.State, Is.EqualTo(VcpuState.Blocked));
    }

    [Test]
    public void ASlicesTimerIsLeftForTheNextSliceAndArmedAgainWhenItFiresEarly()
    {
        Simulation simulation = new(cpus: 1, domains: 2);
        TestHost host = simulation.Host;
        List<ulong> deadlines = [];
        host.Hardware(0).OnRun = () =>
        {
            deadlines.Add(host.Machine.Deadlines[0]);
            host.Machine.Tsc += Millisecond;
            host.Vcpu(0).WantsBlock = true;
        };
        host.Hardware(1).OnRun = () =>
        {
            deadlines.Add(host.Machine.Deadlines[0]);
            host.Machine.Tsc = deadlines[^1];
            host.Kernel.Dispatcher.OnTimer(0);
        };
        host.Machine.Tsc = 1;
        host.Kernel.Dispatcher.Step(host.Kernel.Cpus[0]);
        host.Kernel.Dispatcher.Step(host.Kernel.Cpus[0]);
        ulong first = 1 + (10 * Millisecond);
        Assert.That(deadlines, Is.EqualTo(new[] { first, first, first + Millisecond }));
    }

    [Test]
    public void ATimerThatTheMachineLosesIsFoundByAnotherCpu()
    {
        Simulation simulation = new(cpus: 2, domains: 1);
        TestHost host = simulation.Host;
        (PhysicalCpu lost, PhysicalCpu other) = (host.Kernel.Cpus[1], host.Kernel.Cpus[0]);
        lost.ProgrammedDeadline = host.Machine.Tsc = 1;
        StepAfter(499 * Millisecond);
        Assert.That(host.Machine.Kicks[1], Is.Zero, "it may only be late");
        StepAfter(2 * Millisecond);
        Assert.That(host.Machine.Kicks[1], Is.EqualTo(1));
        Assert.That(lost.TimerFired, "it arms its timer again");
        lost.ProgrammedDeadline = ulong.MaxValue;
        StepAfter(1000 * Millisecond);
        Assert.That(host.Machine.Kicks[1], Is.EqualTo(1), "it is off");

        void StepAfter(ulong time)
        {
            host.Machine.RunAs(0);
            host.Machine.Tsc += time;
            host.Kernel.Dispatcher.OnTimer(0);
            host.Hardware(0).OnRun = () => host.Vcpu(0).WantsBlock = true;
            host.Kernel.Dispatcher.Step(other);
        }
    }

    [Test]
    public void AStartUpIpiThatComesWhileInitIsBeingObeyedIsObeyedToo()
    {
        Simulation simulation = new(cpus: 1, domains: 1);
        TestHost host = simulation.Host;
        Vcpu vcpu = host.Vcpu(0);
        int runs = 0;
        host.Hardware(0).OnRun = () =>
        {
            vcpu.WantsBlock = true;
            if (runs++ != 0)
                return;

            // INIT has taken its state, and the wish to go offline comes behind the start-up IPI.
            vcpu.IsInitialised = false;
            vcpu.Apic.Startup.SendStart(0x10);
            vcpu.WantsOffline = true;
        };
        host.Machine.RunAs(0);
        host.Kernel.Dispatcher.Step(host.Kernel.Cpus[0]);
        Assert.That(vcpu.State, Is.EqualTo(VcpuState.Runnable));
        host.Kernel.Dispatcher.Step(host.Kernel.Cpus[0]);
        Assert.That(host.Hardware(0).Resets, Is.EqualTo(1));
        Assert.That(runs, Is.EqualTo(2));
    }

    [Test]
    public void ABlockedVcpuRunsAgainAfterPost()
    {
        Simulation simulation = new(cpus: 1, domains: 1);
        Vcpu vcpu = simulation.Host.Vcpu(0);
        simulation.Host.Hardware(0).OnRun = () => vcpu.WantsBlock = true;
        PhysicalCpu cpu = simulation.Host.Kernel.Cpus[0];
        vcpu.Take((PendingWork)~0);
        simulation.Host.Kernel.Dispatcher.Step(cpu);
        Assert.That(vcpu.State, Is.EqualTo(VcpuState.Blocked));
        vcpu.Post(PendingWork.Wake);
        Assert.That(vcpu.State, Is.EqualTo(VcpuState.Runnable));
    }

    [Test]
    public void VcpusOfAnEndedDomainComeToRest()
    {
        Simulation simulation = new(cpus: 2, domains: 2);
        simulation.Run(100 * Millisecond);
        simulation.Host.Domain(0).Shutdown(ShutdownReason.Poweroff);
        ulong before = simulation.Ran[0];
        simulation.Run(200 * Millisecond);
        Assert.That(simulation.Host.Kernel.Dispatcher.IsAtRest(simulation.Host.Vcpu(0)), Is.True);
        Assert.That(simulation.Ran[0], Is.EqualTo(before));
        Assert.That(simulation.Ran[1], Is.GreaterThan(150 * Millisecond));
    }

    [Test]
    public void APausedDomainDoesNotRunUntilItIsUnpausedAsOften()
    {
        Simulation simulation = new(cpus: 2, domains: 3);
        Domain paused = simulation.Host.Domain(0);
        simulation.Run(100 * Millisecond);
        paused.Pause();
        paused.Pause();
        simulation.Run(200 * Millisecond);
        ulong before = simulation.Ran[0];
        Assert.That(simulation.Host.Kernel.Dispatcher.TryStop(simulation.Host.Vcpu(0)), Is.True);
        Assert.That(simulation.Host.Vcpu(0).State, Is.EqualTo(VcpuState.Paused));
        simulation.Host.Vcpu(0).Post(PendingWork.Wake);
        paused.Unpause();
        simulation.Run(300 * Millisecond);
        Assert.That(simulation.Ran[0], Is.EqualTo(before));
        Assert.That(simulation.Ran[1], Is.GreaterThan(150 * Millisecond), "the others have the CPUs");
        paused.Unpause();
        simulation.Run(400 * Millisecond);
        Assert.That(simulation.Ran[0] - before, Is.GreaterThan(30 * Millisecond));
    }

    [Test]
    public void AnEventForAPausedDomainWakesItAfterwards([Values] bool hasEvent)
    {
        Simulation simulation = new(cpus: 1, domains: 1);
        Vcpu vcpu = simulation.Host.Vcpu(0);
        PhysicalCpu cpu = simulation.Host.Kernel.Cpus[0];
        simulation.Host.Hardware(0).OnRun = () => vcpu.WantsBlock = true;
        vcpu.Take((PendingWork)~0);
        simulation.Host.Kernel.Dispatcher.Step(cpu);
        vcpu.Domain.Pause();
        if (hasEvent)
        {
            vcpu.Post(PendingWork.Wake);
        }

        Assert.That(vcpu.State, Is.EqualTo(VcpuState.Blocked));
        vcpu.Domain.Unpause();
        Assert.That(vcpu.State, Is.EqualTo(hasEvent ? VcpuState.Runnable : VcpuState.Blocked));
    }

    [Test]
    public void AVcpuBroughtUpWhileItsDomainIsPausedStartsAfterwards()
    {
        Simulation simulation = new(cpus: 1, domains: 1, startAll: false);
        simulation.Host.Domain(0).Pause();
        simulation.Start(0);
        Assert.That(simulation.Host.Vcpu(0).State, Is.EqualTo(VcpuState.Paused));
        simulation.Host.Domain(0).Unpause();
        Assert.That(simulation.Host.Vcpu(0).State, Is.EqualTo(VcpuState.Runnable));
    }

    [TestCase(2, 3)]
    [TestCase(4, 6)]
    public void AVcpuRunsOnlyOnTheCpusOfItsAffinity(int cpus, int domains)
    {
        Simulation simulation = new(cpus, domains);
        SchedulingPlan plan = simulation.Host.Kernel.Plan;
        simulation.Run(100 * Millisecond);
        for (int i = 0; i < domains; i++)
        {
            plan.TryPin(simulation.Host.Vcpu(i), 2);
        }

        simulation.Run(200 * Millisecond);
        ulong[] before = [.. simulation.RanOn];
        simulation.Run(700 * Millisecond);
        Assert.That(simulation.RanOn.Where((_, cpu) => cpu != 1), Is.EqualTo(before.Where((_, cpu) => cpu != 1)));
        Assert.That(simulation.RanOn[1] - before[1], Is.GreaterThan(490 * Millisecond));
        plan.TryPin(simulation.Host.Vcpu(0), 1);
        simulation.Run(1200 * Millisecond);
        Assert.That(simulation.RanOn[0] - before[0], Is.GreaterThan(480 * Millisecond));
        Assert.That(simulation.RanOn.Skip(2), Is.EqualTo(before.Skip(2)));
    }

    [TestCase(1, 3)]
    [TestCase(2, 5)]
    public void EachCpuKeepsTheSlicesThatItGave(int cpus, int domains)
    {
        Simulation simulation = new(cpus, domains);
        simulation.Run(900 * Millisecond);
        ulong[] ran = new ulong[domains];
        PolicyAbi.Slice[] slices = new PolicyAbi.Slice[SliceLog.Size];
        for (int cpu = 0; cpu < cpus; cpu++)
        {
            ulong first = 0;
            int count = simulation.Host.Kernel.Cpus[cpu].Slices.CopyTo(slices, ref first);
            Assert.That(first, Is.EqualTo((ulong)count));
            for (int i = 0; i < count; i++)
            {
                Assert.That(slices[i].Start, Is.GreaterThanOrEqualTo(i > 0 ? slices[i - 1].End : 0), "one after the other");
                ran[slices[i].Domain - 1] += slices[i].End - slices[i].Start;
            }
        }

        Assert.That(ran, Is.EqualTo(simulation.Ran).Within(0.01).Percent);
    }

    private sealed class Simulation
    {
        private readonly ulong[] _clocks;

        public Simulation(int cpus, int domains, bool startAll = true, int reserved = 0)
        {
            Host = new TestHost(domains, cpus: cpus, reservedCpus: reserved);
            RanOn = new ulong[cpus];
            _clocks = new ulong[cpus];
            Ran = new ulong[domains];
            for (int i = 0; i < domains; i++)
            {
                int domain = i;
                Host.Hardware(i).OnRun = () => RunGuest(domain);
                if (startAll)
                {
                    Start(i);
                }
            }
        }

        public TestHost Host { get; }

        /// <summary>Time by domain.</summary>
        public ulong[] Ran { get; }

        /// <summary>Time by CPU.</summary>
        public ulong[] RanOn { get; }

        public void Start(int domain)
        {
            Host.Machine.RunAs(0);
            Host.Vcpu(domain).IsInitialised = true;
            Host.Kernel.Dispatcher.BringOnline(Host.Vcpu(domain));
        }

        public void Run(ulong until)
        {
            while (_clocks.Min() < until)
            {
                int cpu = Array.IndexOf(_clocks, _clocks.Min());
                Host.Machine.RunAs(cpu);
                Host.Machine.Tsc = _clocks[cpu] + 1;
                Host.Machine.OnIdle = () => Host.Machine.Tsc += Millisecond;
                Host.Kernel.Dispatcher.Step(Host.Kernel.Cpus[cpu]);
                _clocks[cpu] = Host.Machine.Tsc;
            }
        }

        public double[] Shares() => [.. Ran.Select(ran => (double)ran / _clocks.Min())];

        // The guest computes until the timer fires.
        private void RunGuest(int domain)
        {
            ulong deadline = Host.Machine.Deadlines[Host.Machine.CurrentCpu];
            Ran[domain] += deadline - Host.Machine.Tsc;
            RanOn[Host.Machine.CurrentCpu] += deadline - Host.Machine.Tsc;
            Host.Machine.Tsc = deadline;
            Host.Kernel.Dispatcher.OnTimer(Host.Machine.CurrentCpu);
        }
    }
}
