using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using FsCheck;
using FsCheck.Fluent;
using Microkernel.Core.Memory;
using Microkernel.Core.Tests.Fakes;
using NUnit.Framework;
using static Microkernel.Core.Tests.Memory.TlbModel;

namespace Microkernel.Core.Tests.Memory;

public sealed class GuestTlbTests
{
    private const int CpuCount = 3;
    private const int PagesPerDomain = 8;

    private delegate void Removal(HostMemory host, DomainMemory domain, ulong gfn);

    // One step of a random run: what, on which CPU, with which vCPU or page.
    private static void Run((byte What, byte Cpu, byte Which)[] steps, Removal remove, bool ignoresFlush = false)
    {
        FakeMachine machine = new(CpuCount, 2048);
        HostMemory host = new(machine, 2048);
        host.Allocator.AddFree(0, 2048);
        DomainMemory[] domains = [NewDomain(host, 1), NewDomain(host, 2)];
        ModelVcpu[] vcpus = Enumerable.Range(0, 12).Select(i => new ModelVcpu(domains[i % 2])).ToArray();
        TlbModel model = new(machine, host) { IgnoresFlush = ignoresFlush };
        foreach ((byte what, byte where, byte which) in steps)
        {
            int cpu = where % CpuCount;
            ModelVcpu vcpu = vcpus[which % vcpus.Length];
            ulong gfn = which % (ulong)PagesPerDomain;
            switch (what % 8)
            {
                case 0 when !model.IsRunning(cpu) && !model.IsRunning(vcpu):
                    model.Enter(cpu, vcpu);
                    break;
                case 1:
                    model.Leave(cpu);
                    break;
                case 2:
                    remove(host, domains[where % 2], gfn);
                    break;
                case 3:
                    domains[where % 2].Populate(gfn, 0);
                    break;
                case > 3 when model.IsRunning(cpu):
                    model.Touch(cpu, gfn);
                    break;
            }
        }
    }

    private static DomainMemory NewDomain(HostMemory host, ushort id)
    {
        DomainMemory domain = new(host);
        domain.TryReset(id, PagesPerDomain, 32);
        domain.TryPopulateRange(0, PagesPerDomain);
        return domain;
    }

    private static void RemoveProperly(HostMemory host, DomainMemory domain, ulong gfn) => domain.RemovePages([gfn]);

    private static void RemoveWithoutShootdown(HostMemory host, DomainMemory domain, ulong gfn)
    {
        if (domain.Physmap.Unmap(gfn, 0, out PhysmapEntry removed) == 0)
        {
            host.Allocator.GiveUp(removed.Mfn);
        }
    }

    private static void RemoveWithLateShootdown(HostMemory host, DomainMemory domain, ulong gfn)
    {
        RemoveWithoutShootdown(host, domain, gfn);
        domain.Tlb.Shootdown();
    }

    private static void RunRandomly(Removal remove, bool ignoresFlush = false)
    {
        Arbitrary<(byte, byte, byte)[]> runs = ArbMap.Default.GeneratorFor<(byte, byte, byte)>().ArrayOf(400).ToArbitrary();
        Prop.ForAll(runs, steps => Run(steps, remove, ignoresFlush)).QuickCheckThrowOnFailure();
    }

    [Test]
    public void NoGuestReachesAFrameThroughAStaleTranslation() => RunRandomly(RemoveProperly);

    [Test]
    public void ModelFindsAFrameFreedWithoutShootdown() =>
        Assert.That(() => RunRandomly(RemoveWithoutShootdown), Throws.Exception.With.Message.Contain("StaleTranslation")
            .Or.InnerException.InstanceOf<StaleTranslationException>());

    [Test]
    public void ModelFindsAShootdownThatComesTooLate() =>
        Assert.That(() => RunRandomly(RemoveWithLateShootdown), Throws.Exception.With.Message.Contain("StaleTranslation")
            .Or.InnerException.InstanceOf<StaleTranslationException>());

    [Test]
    public void ModelFindsAMissingFlush() =>
        Assert.That(() => RunRandomly(RemoveProperly, ignoresFlush: true), Throws.Exception.With.Message.Contain("StaleTranslation")
            .Or.InnerException.InstanceOf<StaleTranslationException>());

    [Test]
    public void TagsAreReusedOnlyAfterAFlush()
    {
        FakeMachine machine = new();
        GuestTlb tlb = new(machine, []);
        AsidAllocator cpu = new(0, 4);
        AsidTag[] tags = new AsidTag[5];
        HashSet<uint> seen = [];
        for (int i = 0; i < 5; i++)
        {
            uint asid = cpu.EnterGuest(tlb, ref tags[i], out bool flush);
            cpu.LeaveGuest();
            Assert.That(flush, Is.True);
            Assert.That(asid, Is.InRange(1u, 3u));
            seen.Add(asid);
        }

        cpu.EnterGuest(tlb, ref tags[4], out bool again);
        cpu.LeaveGuest();
        Assert.That(again, Is.False, "nothing changed");
        cpu.EnterGuest(tlb, ref tags[1], out bool stolen);
        Assert.That(stolen, Is.True, "its tag was given to another vCPU");
        Assert.That(seen, Has.Count.EqualTo(3));
    }

    [Test]
    public void MovingBetweenCpusFlushes()
    {
        GuestTlb tlb = new(new FakeMachine(), []);
        AsidAllocator[] cpus = [new(0, 8), new(1, 8)];
        AsidTag tag = default;
        foreach (int cpu in new[] { 0, 1, 0 })
        {
            cpus[cpu].EnterGuest(tlb, ref tag, out bool flush);
            cpus[cpu].LeaveGuest();
            Assert.That(flush, Is.True);
        }
    }

    [Test]
    public void ShootdownKicksOnlyCpusThatRunTheDomain()
    {
        FakeMachine machine = new(CpuCount);
        HostMemory host = new(machine, 16);
        GuestTlb mine = new(machine, host.Cpus);
        GuestTlb other = new(machine, host.Cpus);
        AsidTag first = default;
        AsidTag second = default;
        host.Cpus[1].EnterGuest(mine, ref first, out _);
        host.Cpus[2].EnterGuest(other, ref second, out _);
        machine.OnKick = cpu => host.Cpus[cpu].LeaveGuest();
        mine.Shootdown();
        Assert.That(machine.Kicks, Is.EqualTo(new[] { 0, 1, 0 }));
    }

    // Real threads, for the order of memory accesses: two CPUs use a frame, a third takes it away.
    [Test]
    public void ShootdownHoldsBetweenThreads()
    {
        FakeMachine machine = new(2);
        AsidAllocator[] cpus = [new(0, 8), new(1, 8)];
        GuestTlb tlb = new(machine, cpus);
        int[] alive = [1, 0];
        int mapped = 0;
        int failures = 0;
        int stop = 0;
        int[] kicked = new int[2];
        machine.OnKick = cpu => Volatile.Write(ref kicked[cpu], 1);

        void RunGuest(int cpu)
        {
            AsidTag tag = default;
            int translation = -1;
            while (Volatile.Read(ref stop) == 0)
            {
                Volatile.Write(ref kicked[cpu], 0);
                cpus[cpu].EnterGuest(tlb, ref tag, out bool flush);
                translation = flush ? -1 : translation;
                for (int i = 0; i < 20 && Volatile.Read(ref kicked[cpu]) == 0; i++)
                {
                    translation = translation < 0 ? Volatile.Read(ref mapped) : translation;
                    failures += Volatile.Read(ref alive[translation]) == 0 ? 1 : 0;
                }

                cpus[cpu].LeaveGuest();
            }
        }

        Thread[] threads = [new(() => RunGuest(0)), new(() => RunGuest(1))];
        Array.ForEach(threads, thread => thread.Start());
        for (int i = 0; i < 20_000; i++)
        {
            int old = i % 2;
            Volatile.Write(ref alive[1 - old], 1);
            Volatile.Write(ref mapped, 1 - old);
            tlb.Shootdown();
            Volatile.Write(ref alive[old], 0);
        }

        Volatile.Write(ref stop, 1);
        Array.ForEach(threads, thread => thread.Join());
        Assert.That(failures, Is.Zero);
    }
}
