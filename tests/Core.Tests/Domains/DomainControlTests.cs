using System;
using System.Collections.Generic;
using System.Linq;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using Microkernel.Core.Hypercalls;
using Microkernel.Core.Memory;
using Microkernel.Core.Vcpus;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Domains;

/// <summary>Domains are made, started, paused, and taken down; what is whose then.</summary>
[TestFixture(64)]
[TestFixture(32)]
public sealed class DomainControlTests(int bits) : DomainControlFixture(bits)
{
    [Test]
    public void GuestsGetIdsAboveTheEntriesOfTheManifest()
    {
        Assert.That(Create(0), Is.Zero);
        Assert.That(Guest.Read(Arguments, Structure, "domain"), Is.EqualTo(FirstGuest));
        Assert.That(Create(0), Is.Zero);
        Assert.That(Guest.Read(Arguments, Structure, "domain"), Is.EqualTo(FirstGuest + 1));
        Assert.That(Call(DomainControlAbi.DestroyDomain, FirstGuest), Is.Zero);
        Assert.That(Create(0), Is.Zero);
        Assert.That(Guest.Read(Arguments, Structure, "domain"), Is.EqualTo(FirstGuest + 2), "no id comes again");
        Assert.That(Create(0), Is.Zero);
        Assert.That(Create(0), Is.EqualTo(XenError.ENOMEM), "there are three slots");
    }

    [Test]
    public void AServiceKeepsItsIdAndItsPrivileges()
    {
        Domain service = Host.Domain(Service);
        Assert.That(Create(3), Is.Zero);
        Assert.That(Kernel.Domains.Find(3), Is.SameAs(service));
        Assert.That(service.Config.Privileges, Is.EqualTo(Privilege.Log));
        Assert.That(Create(3), Is.EqualTo(XenError.EEXIST));
        Assert.That(Create(2), Is.EqualTo(XenError.EEXIST), "the core makes it");
        Assert.That(Create(100), Is.EqualTo(XenError.EINVAL));
        Assert.That(Call(DomainControlAbi.DestroyDomain, 3), Is.Zero);
        Assert.That(Kernel.Domains.Find(3), Is.Null);
        Assert.That(Create(3), Is.Zero);
        Assert.That(service.Id, Is.EqualTo(3));
    }

    [Test]
    public void WhatTheCoreMadeIsNotDestroyed()
    {
        Assert.That(Call(DomainControlAbi.DestroyDomain, 2), Is.EqualTo(XenError.EINVAL));
        Assert.That(Call(DomainControlAbi.DestroyDomain, 1), Is.EqualTo(XenError.EINVAL));
    }

    [Test]
    public void VcpusComeFromThePoolAndGoBack()
    {
        Make(0, vcpus: 4);
        Assert.That(Kernel.Domains.Vcpus.FreeCount, Is.EqualTo(2));
        Assert.That(Create(0, vcpus: 3), Is.Zero);
        Assert.That(Call(DomainControlAbi.MaxVcpus, FirstGuest + 1, ("u.max_vcpus.max", 3)), Is.EqualTo(XenError.ENOMEM));
        Assert.That(Call(DomainControlAbi.DestroyDomain, FirstGuest), Is.Zero);
        Assert.That(Kernel.Domains.Vcpus.FreeCount, Is.EqualTo(6));
        Assert.That(Call(DomainControlAbi.MaxVcpus, FirstGuest + 1, ("u.max_vcpus.max", 3)), Is.Zero);
        Vcpu[] vcpus = Kernel.Domains.Find(FirstGuest + 1)!.Vcpus.ToArray();
        Assert.That(vcpus.Select(static v => v.Id), Is.EqualTo(new[] { 0, 1, 2 }));
        Assert.That(vcpus.Select(static v => v.Domain.Id), Has.All.EqualTo(FirstGuest + 1));
        Assert.That(Create(0, vcpus: 0), Is.EqualTo(XenError.EINVAL));
        Assert.That(Create(0, vcpus: 129), Is.EqualTo(XenError.EINVAL));
    }

    [Test]
    public void AVcpuOfThePoolSeesTheMemoryOfItsDomainOnly()
    {
        for (byte life = 1; life <= 3; life++)
        {
            Domain domain = Make(0, vcpus: 1);
            Assert.That(CopyTo(domain.Id, 0x4000, [life, life, life, life]), Is.Zero);
            Assert.That(GuestMemory.TryRead(domain.VcpuAt(0), 0x4000, out uint seen), Is.True);
            Assert.That(seen, Is.EqualTo(0x01010101u * life));
            Assert.That(Call(DomainControlAbi.DestroyDomain, domain.Id), Is.Zero);
        }
    }

    [Test]
    public void AStartedDomainIsSealed()
    {
        Domain domain = Start();
        Assert.That(domain.State, Is.EqualTo(DomainState.Running));
        Assert.That(Host.Machine.Log.ToString(), Does.Contain("domain 4 \"guest\" started"));
        Assert.That(CopyTo(domain.Id, 0, [1]), Is.EqualTo(XenError.EACCES));
        Assert.That(CopyObject(domain.Id, 0, 1, 0), Is.EqualTo(XenError.EACCES));
        Assert.That(SetEntry(domain.Id), Is.EqualTo(XenError.EACCES));
        Assert.That(SeedGrant(domain.Id, 0), Is.EqualTo(XenError.EACCES));
        Assert.That(Service32(9, domain.Id), Is.EqualTo(XenError.EACCES));
        Assert.That(Call(DomainControlAbi.MaxVcpus, domain.Id, ("u.max_vcpus.max", 1)), Is.EqualTo(XenError.EACCES));
        Assert.That(Call(DomainControlAbi.HypercallInit, domain.Id), Is.EqualTo(XenError.EACCES));
        Assert.That(AllocateUnbound(domain.Id, 1), Is.EqualTo(XenError.EACCES));
        Assert.That(Reserve(MemoryAbi.PopulatePhysmap, domain.Id, 0, Pages), Is.Zero);
        Assert.That(Reserve(MemoryAbi.DecreaseReservation, domain.Id, 0, 0), Is.Zero);
        Assert.That(SetParameter(Builder, domain.Id, HvmParameters.StorePfn, 1), Is.EqualTo(XenError.EACCES));
        Guest.Write(Arguments, "struct xen_foreign_memory_map", ("domid", domain.Id));
        Assert.That(Host.Call(Builder, MemoryOp, Bits == 32, MemoryAbi.SetMemoryMap, Arguments), Is.EqualTo(XenError.EACCES));
        Assert.That(domain.Memory.Pages, Is.EqualTo(Pages));
    }

    [Test]
    public void WhatWasWrittenBeforeTheStartIsThere()
    {
        Domain domain = Make(0, vcpus: 1);
        Assert.That(CopyObject(domain.Id, 100, 9000, 0x3800), Is.Zero);
        Assert.That(CopyObject(domain.Id, 9990, 11, 0), Is.EqualTo(XenError.EINVAL), "the object ends before");
        Assert.That(CopyObject(domain.Id, 0, 1, Pages << 12), Is.EqualTo(XenError.EINVAL), "no memory there");
        byte[] seen = new byte[9000];
        Assert.That(GuestMemory.TryReadBytes(domain.VcpuAt(0), 0x3800, seen), Is.True);
        Assert.That(seen, Is.EqualTo(Object.AsSpan(100, 9000).ToArray()));
        Assert.That(SeedGrant(domain.Id, 3), Is.Zero);
        Assert.That(SeedGrant(domain.Id, 8), Is.EqualTo(XenError.EINVAL));
        byte[] entry = Host.Machine.Frames[domain.Grants.Frames.Entries(0)].Slice(3 * 8, 8).ToArray();
        Assert.That(entry, Is.EqualTo(new byte[] { 1, 0, 1, 0, 5, 0, 0, 0 }), "permit_access to domain 1, page 5");
        Assert.That(SetParameter(Builder, domain.Id, HvmParameters.StorePfn, 7), Is.Zero);
        Assert.That(domain.Parameters[HvmParameters.StorePfn], Is.EqualTo(7));
    }

    [Test]
    public void AnEndedDomainStaysUntilItIsDestroyed()
    {
        Domain domain = Start();
        Guest.Write(Arguments, "struct evtchn_bind_virq", ("virq", EventChannelAbi.VirqDomainExited));
        Assert.That(Host.Call(Builder, EventChannelOp, Bits == 32, EventChannelAbi.BindVirq, Arguments), Is.Zero);
        Assert.That(Clear(Builder), Is.False);
        domain.Shutdown(ShutdownReason.Crash);
        Settle(domain);
        Assert.That(Clear(Builder), Is.True, "VIRQ_DOM_EXC");
        Assert.That(domain.State, Is.EqualTo(DomainState.ShutDown));
        const uint always = DomainControlAbi.InfoHvm | DomainControlAbi.InfoHap;
        Assert.That(Info(domain.Id) & ~DomainControlAbi.InfoBlocked, Is.EqualTo(always | DomainControlAbi.InfoShutdown | 3u << 16));
        Assert.That(domain.Memory.Pages, Is.EqualTo(Pages));
        Assert.That(Call(DomainControlAbi.DestroyDomain, domain.Id), Is.Zero);
        Assert.That(Clear(Builder), Is.True, "it is gone");
        Assert.That(domain.State, Is.EqualTo(DomainState.Empty));
        Assert.That(Call(DomainControlAbi.GetDomainInfo, FirstGuest), Is.EqualTo(XenError.ESRCH));
        Assert.That(Call(DomainControlAbi.DestroyDomain, FirstGuest), Is.EqualTo(XenError.ESRCH));
        Assert.That(Kernel.Memory.Allocator.FreeFrames, Is.EqualTo(FreeAtStart));
    }

    [Test]
    public void ADomainInPiecesGivesEverythingBack([Range(0, 5)] int steps)
    {
        Assert.That(Create(0, vcpus: 2), Is.Zero);
        Func<long>[] all =
        [
            () => Call(DomainControlAbi.MaxVcpus, FirstGuest, ("u.max_vcpus.max", 2)),
            () => Call(DomainControlAbi.SetPagingMempoolSize, FirstGuest, ("u.paging_mempool.size", 64 << 12)),
            () => Call(DomainControlAbi.MaxMem, FirstGuest, ("u.max_mem.max_memkb", 400)),
            () => Claim(FirstGuest, 100),
            () => Reserve(MemoryAbi.PopulatePhysmap, FirstGuest, 0, 1, 2, 3) - 4,
        ];
        foreach (Func<long> step in all.Take(steps))
        {
            Assert.That(step(), Is.Zero);
        }

        Assert.That(Call(DomainControlAbi.DestroyDomain, FirstGuest), Is.Zero);
        Assert.That(Kernel.Memory.Allocator.FreeFrames, Is.EqualTo(FreeAtStart));
        Assert.That(Kernel.Memory.Allocator.Claimed, Is.Zero);
        Assert.That(Kernel.Domains.Vcpus.FreeCount, Is.EqualTo(6));
    }

    [Test]
    public void WhatOthersMapOfADeadDomainStaysTheirs()
    {
        Domain domain = Make(0, vcpus: 1);
        Assert.That(SeedGrant(domain.Id, 0), Is.Zero);
        Assert.That(CopyTo(domain.Id, 0x5000, [42]), Is.Zero);
        Guest.Write(Arguments, "struct gnttab_map_grant_ref", ("host_addr", 0x900000), ("flags", GrantAbi.HostMap), ("ref", 0), ("dom", domain.Id));
        Assert.That(Host.Call(Builder, 20, Bits == 32, GrantAbi.MapGrantRef, Arguments, 1), Is.Zero);
        Assert.That(Guest.Read(Arguments, "struct gnttab_map_grant_ref", "status"), Is.Zero);
        long handle = Guest.Read(Arguments, "struct gnttab_map_grant_ref", "handle");
        Assert.That(Call(DomainControlAbi.DestroyDomain, FirstGuest), Is.Zero);
        Assert.That(Host.Page(Builder, 0x900)[0], Is.EqualTo(42));
        Guest.Write(Arguments, "struct gnttab_unmap_grant_ref", ("host_addr", 0x900000), ("handle", (ulong)handle));
        Assert.That(Host.Call(Builder, 20, Bits == 32, GrantAbi.UnmapGrantRef, Arguments, 1), Is.Zero);
        Assert.That(Guest.Read(Arguments, "struct gnttab_unmap_grant_ref", "status"), Is.Zero);
    }

    [Test]
    public void AClaimKeepsFramesFromEverybodyElse()
    {
        Domain domain = Make(0, vcpus: 1);
        ulong free = Kernel.Memory.Allocator.FreeFrames;
        Assert.That(Call(DomainControlAbi.MaxMem, domain.Id, ("u.max_mem.max_memkb", (free + 1000) * 4)), Is.Zero);
        Assert.That(Claim(domain.Id, Pages + free + 1), Is.EqualTo(XenError.ENOMEM));
        Assert.That(Claim(domain.Id, Pages + free), Is.Zero);
        Assert.That(Claim(domain.Id, Pages + free), Is.EqualTo(XenError.EINVAL), "one at a time");
        Assert.That(Reserve(MemoryAbi.PopulatePhysmap, domain.Id, 700), Is.EqualTo(1));
        Assert.That(Kernel.Memory.Allocator.Claimed, Is.EqualTo(free - 1));
        Assert.That(Create(0), Is.EqualTo(XenError.ENOMEM));
        Kernel.LifeCycle.DoPiece();
        Assert.That(Claim(domain.Id, 0), Is.Zero);
        while (Kernel.LifeCycle.DoPiece())
        {
        }

        Assert.That(Create(0), Is.Zero);
    }

    [Test]
    public void PausesAreCounted()
    {
        Domain domain = Start();
        Assert.That(Call(DomainControlAbi.UnpauseDomain, domain.Id), Is.EqualTo(XenError.EINVAL));
        for (int i = 0; i < 255; i++)
        {
            Assert.That(Call(DomainControlAbi.PauseDomain, domain.Id), Is.Zero);
        }

        Assert.That(Call(DomainControlAbi.PauseDomain, domain.Id), Is.EqualTo(XenError.EOVERFLOW));
        Assert.That(Info(domain.Id) & DomainControlAbi.InfoPaused, Is.Not.Zero);
        for (int i = 0; i < 255; i++)
        {
            Assert.That(domain.MustStop, Is.True);
            Assert.That(Call(DomainControlAbi.UnpauseDomain, domain.Id), Is.Zero);
        }

        Assert.That(domain.MustStop, Is.False);
        Assert.That(Call(DomainControlAbi.PauseDomain, 1), Is.EqualTo(XenError.EINVAL), "nobody pauses itself");
    }

    [Test]
    public void PausingWaitsUntilNoVcpuRuns()
    {
        Domain domain = Start();
        domain.VcpuAt(0).State = VcpuState.Running;
        int waits = 0;
        Host.OnContinue = () => domain.VcpuAt(0).State = ++waits == 3 ? VcpuState.Paused : VcpuState.Running;
        Assert.That(Call(DomainControlAbi.PauseDomain, domain.Id), Is.Zero);
        Assert.That(waits, Is.EqualTo(3));
        Assert.That(domain.PauseCount, Is.EqualTo(1), "counted once, however often it looked");
    }

    [Test]
    public void TheListHasEveryDomain()
    {
        Make(0, vcpus: 1);
        List<long> seen = [];
        for (ulong first = 0; seen.Count < 10;)
        {
            Guest.Write(
                Arguments, "struct xen_sysctl", ("cmd", SystemControlAbi.GetDomainInfoList), ("interface_version", SystemControlAbi.InterfaceVersion),
                ("u.getdomaininfolist.first_domain", first), ("u.getdomaininfolist.max_domains", 2), ("u.getdomaininfolist.buffer", Buffer));
            Assert.That(Host.Call(Builder, Sysctl, Bits == 32, Arguments), Is.Zero);
            long count = Guest.Read(Arguments, "struct xen_sysctl", "u.getdomaininfolist.num_domains");
            if (count == 0)
            {
                break;
            }

            seen.AddRange(Enumerable.Range(0, (int)count).Select(
                i => Guest.Read(Buffer + ((ulong)i * DomainInformation.Size), "struct xen_domctl_getdomaininfo", "domain")));
            first = (ulong)seen[^1] + 1;
        }

        Assert.That(seen, Is.EqualTo(new long[] { 1, 2, FirstGuest }));
    }
}
