using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using FsCheck.NUnit;
using Grpc.Core;
using Microkernel.Protos.Memory;
using Microkernel.Services.Memory.Building;
using NUnit.Framework;

namespace Microkernel.Services.Memory.Tests;

/// <summary>Whatever is called in which order, and whatever fails: a domain is built whole, or nothing of it is left.</summary>
[TestFixture]
internal sealed class GuestLifeTests
{
    /// <summary>One call of the core fails, each in turn, in one life of a guest from its claim to its end.</summary>
    [Test]
    public async Task WhicheverCallFailsNothingIsLeft()
    {
        int calls = 0;
        for (int failing = 0; failing <= calls; failing++)
        {
            foreach (int error in new[] { 12, FakeHypervisor.OtherError })
            {
                var all = new Calls(new FakeHypervisor());
                int count = 0;
                all.Hypervisor.Fault = _ => count++ == failing ? error : 0;
                DomainId? done = await TryBuildAsync(all);
                calls = Math.Max(calls, count);
                all.Hypervisor.Fault = static _ => 0;
                Settle(all);
                CheckWhole(all, done is null ? [] : [done]);
                if (done is not null)
                    await all.DestroyAsync(done);
                CheckEmpty(all);
            }
        }

        Assert.That(calls, Is.GreaterThan(30));
    }

    /// <summary>Calls in any order for a few guests, the service's own death, lost connections and failures between them.</summary>
    [FsCheck.NUnit.Property(MaxTest = 60)]
    public void AnyOrderOfCallsAndFailuresLeavesWholeDomainsOrNothing(int seed)
    {
        var random = new Random(seed);
        var all = new Calls(new FakeHypervisor());
        all.Hypervisor.Fault = _ => random.Next(60) == 0 ? random.Next(2) == 0 ? 12 : FakeHypervisor.OtherError : 0;
        var claimed = new List<DomainId>();
        var complete = new HashSet<DomainId>();
        for (int i = 0; i < 80; i++)
            DoAnything(all, random, claimed, complete);
        all.Hypervisor.Fault = static _ => 0;
        Settle(all);
        CheckWhole(all, complete);
        // Also those whose Destroy failed before anything was done.
        foreach (FakeDomain domain in all.Hypervisor.Domains.Values.ToArray())
            all.DestroyAsync(new DomainId { Id = domain.Id, Generation = DomainHandle.Of(domain.Handle).Generation }).GetAwaiter().GetResult();
        CheckEmpty(all);
    }

    [Test]
    public async Task ManyBuildersAtATimeDoNotDisturbEachOther()
    {
        var all = new Calls(new FakeHypervisor(512 << 8));
        DomainId[] domains = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() => all.BuildAsync((byte)i))));
        Assert.That(domains.Select(static d => d.Id).Distinct().Count(), Is.EqualTo(16));
        CheckWhole(all, domains);
        await Task.WhenAll(domains.Select(all.DestroyAsync));
        CheckEmpty(all);
    }

    private static async Task<DomainId?> TryBuildAsync(Calls all)
    {
        try
        {
            return await all.BuildAsync(1);
        }
        catch (RpcException)
        {
            return null;
        }
    }

    private static void DoAnything(Calls all, Random random, List<DomainId> claimed, HashSet<DomainId> complete)
    {
        DomainId any = claimed.Count == 0 ? new DomainId { Id = 9, Generation = 1 } : claimed[random.Next(claimed.Count)];
        switch (random.Next(12))
        {
            case 0 or 1:
                if (Try(() => all.ClaimAsync((byte)random.Next(4))) is { } domain && !claimed.Contains(domain))
                    claimed.Add(domain);
                break;
            case 2:
                Try(() => all.DestroyAsync(any));
                complete.RemoveWhere(d => d.Equals(any));
                break;
            case 3:
                all.Time.Pass(TimeSpan.FromSeconds(random.Next(40)));
                _ = Calls.CodeOf(() => Task.Run(all.Service.Tend).ContinueWith(static t => t.Exception is null ? 0 : 1, TaskScheduler.Default));
                break;
            case 4 when random.Next(4) == 0:
                all.Service.BeginSession();
                break;
            case 5 when random.Next(4) == 0:
                RestartThrough(all);
                break;
            case 6 or 7:
                if (Try(() => all.FinishAsync(any)) is not null)
                    complete.Add(any);
                break;
            case 8:
                Try(() => all.LoadAsync(any, Image.Ramdisk, random.Next(2) * Calls.PartSize));
                break;
            case 9:
                Try(() => all.LoadAsync(any, Image.Kernel, random.Next(3) * Calls.PartSize));
                break;
            default:
                Try(() => LoadAll(all, any));
                break;
        }
    }

    // As in life: when the core refuses to list domains, the service ends and is started again.
    private static void RestartThrough(Calls all)
    {
        while (true)
        {
            try
            {
                all.Restart();
                return;
            }
            catch (Core.HypervisorException)
            {
            }
        }
    }

    private static async Task<object> LoadAll(Calls all, DomainId domain)
    {
        await all.LoadAllAsync(domain);
        return domain;
    }

    private static T? Try<T>(Func<Task<T>> call)
        where T : class
    {
        try
        {
            return call().GetAwaiter().GetResult();
        }
        catch (RpcException e)
        {
            Assert.That(e.StatusCode, Is.Not.EqualTo(StatusCode.Unknown));
            Assert.That(e.Status.Detail, Is.Not.Empty);
            return null;
        }
    }

    // Builders are silent, and what could not be destroyed is tried again.
    private static void Settle(Calls all)
    {
        all.Time.Pass(TimeSpan.FromSeconds(61));
        Assert.That(() =>
        {
            all.Service.Tend();
            return all.Hypervisor.Domains.Values.All(static d => DomainHandle.Of(d.Handle).IsComplete);
        }, Is.True.After(2000, 5));
    }

    private static void CheckWhole(Calls all, IReadOnlyCollection<DomainId> complete)
    {
        // Of a domain whose Destroy failed nothing is promised but that it can be destroyed again.
        foreach (FakeDomain domain in all.Hypervisor.Domains.Values)
        {
            Assert.That(DomainHandle.Of(domain.Handle).IsComplete, Is.True);
            Assert.That(domain.Pages, Has.Count.EqualTo((8 << 8) + 3));
            Assert.That(domain.Entry, Is.Not.Null);
            Assert.That(domain.HasMap, Is.True);
            Assert.That(domain.Grants[0], Is.EqualTo((4u, 0xFEFFEUL)));
            Assert.That(domain.Grants[1], Is.EqualTo((2u, 0xFEFFCUL)));
            Assert.That(domain.Ports[(uint)domain.Parameters[18]], Is.EqualTo(4));
            Assert.That(domain.Ports[(uint)domain.Parameters[2]], Is.EqualTo(2));
            Assert.That(domain.Read(KernelImages.BzImageEntry, Calls.Kernel.Length - 2560).AsSpan().SequenceEqual(Calls.Kernel.AsSpan(2560)), Is.True);
            Assert.That(domain.Claimed, Is.Zero);
        }

        Assert.That(complete.Select(static d => d.Id), Is.SubsetOf(all.Hypervisor.Domains.Keys));
    }

    private static void CheckEmpty(Calls all)
    {
        all.Service.Tend();
        Assert.That(all.Hypervisor.Domains, Is.Empty);
        Assert.That(all.Hypervisor.FreePages, Is.EqualTo(all.Hypervisor.TotalPages));
    }
}
