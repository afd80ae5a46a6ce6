using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using Microkernel.Core.Hypercalls;
using Microkernel.Core.Memory;
using Microkernel.Core.Tests.Abi;
using Microkernel.Core.Tests.Fakes;
using Microkernel.Core.Vcpus;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Domains;

/// <summary>Domain 1 makes others and takes them down, as domctl, memory_op and service_op let it. Domain 2 may not; 3 is a service.</summary>
[TestFixture(64)]
[TestFixture(32)]
public sealed class DomainControlTests(int bits)
{
    private const ulong MemoryOp = 12;
    private const ulong SchedOp = 29;
    private const ulong RemoteShutdownOperation = 4;
    private const ulong EventChannelOp = 32;
    private const ulong Sysctl = 35;
    private const ulong Domctl = 36;
    private const ulong Arguments = 0x1000;
    private const ulong Lists = 0x2000;
    private const ulong Buffer = 0x3000;
    private const ulong Nowhere = 1UL << 40;
    private const int Builder = 0;
    private const int Unprivileged = 1;
    private const int Service = 2;
    private const ushort FirstGuest = 4;
    private const ulong Pages = 32;
    private const string Structure = "struct xen_domctl";
    private static readonly byte[] Object = [.. Enumerable.Range(0, 10000).Select(static i => (byte)(i * 7))];

    private TestHost _host = null!;
    private GuestStructures _guest = null!;
    private ulong _freeAtStart;

    private Kernel Kernel => _host.Kernel;

    [SetUp]
    public void SetUp()
    {
        _host = new TestHost(domains: 3, configure: Configure, slots: 3, slotVcpus: 6, module: Object);
        _guest = new GuestStructures(_host, Builder, bits);
        _host.OnContinue = () => Kernel.LifeCycle.DoPiece();
        _freeAtStart = Kernel.Memory.Allocator.FreeFrames;
    }

    [TearDown]
    public void EverythingIsAccountedFor() => Assert.That(Audit.Check(Kernel), Is.True, _host.Machine.Log.ToString());

    [Test]
    public void GuestsGetIdsAboveTheEntriesOfTheManifest()
    {
        Assert.That(Create(0), Is.Zero);
        Assert.That(_guest.Read(Arguments, Structure, "domain"), Is.EqualTo(FirstGuest));
        Assert.That(Create(0), Is.Zero);
        Assert.That(_guest.Read(Arguments, Structure, "domain"), Is.EqualTo(FirstGuest + 1));
        Assert.That(Call(DomainControlAbi.DestroyDomain, FirstGuest), Is.Zero);
        Assert.That(Create(0), Is.Zero);
        Assert.That(_guest.Read(Arguments, Structure, "domain"), Is.EqualTo(FirstGuest + 2), "no id comes again");
        Assert.That(Create(0), Is.Zero);
        Assert.That(Create(0), Is.EqualTo(XenError.ENOMEM), "there are three slots");
    }

    [Test]
    public void AServiceKeepsItsIdAndItsPrivileges()
    {
        Domain service = _host.Domain(Service);
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
        Assert.That(_host.Machine.Log.ToString(), Does.Contain("domain 4 \"guest\" started"));
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
        _guest.Write(Arguments, "struct xen_foreign_memory_map", ("domid", domain.Id));
        Assert.That(_host.Call(Builder, MemoryOp, bits == 32, MemoryAbi.SetMemoryMap, Arguments), Is.EqualTo(XenError.EACCES));
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
        byte[] entry = _host.Machine.Frames[domain.Grants.Frames.Entries(0)].Slice(3 * 8, 8).ToArray();
        Assert.That(entry, Is.EqualTo(new byte[] { 1, 0, 1, 0, 5, 0, 0, 0 }), "permit_access to domain 1, page 5");
        Assert.That(SetParameter(Builder, domain.Id, HvmParameters.StorePfn, 7), Is.Zero);
        Assert.That(domain.Parameters[HvmParameters.StorePfn], Is.EqualTo(7));
    }

    [Test]
    public void AnEndedDomainStaysUntilItIsDestroyed()
    {
        Domain domain = Start();
        _guest.Write(Arguments, "struct evtchn_bind_virq", ("virq", EventChannelAbi.VirqDomainExited));
        Assert.That(_host.Call(Builder, EventChannelOp, bits == 32, EventChannelAbi.BindVirq, Arguments), Is.Zero);
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
        Assert.That(Kernel.Memory.Allocator.FreeFrames, Is.EqualTo(_freeAtStart));
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
        Assert.That(Kernel.Memory.Allocator.FreeFrames, Is.EqualTo(_freeAtStart));
        Assert.That(Kernel.Memory.Allocator.Claimed, Is.Zero);
        Assert.That(Kernel.Domains.Vcpus.FreeCount, Is.EqualTo(6));
    }

    [Test]
    public void WhatOthersMapOfADeadDomainStaysTheirs()
    {
        Domain domain = Make(0, vcpus: 1);
        Assert.That(SeedGrant(domain.Id, 0), Is.Zero);
        Assert.That(CopyTo(domain.Id, 0x5000, [42]), Is.Zero);
        _guest.Write(Arguments, "struct gnttab_map_grant_ref", ("host_addr", 0x900000), ("flags", GrantAbi.HostMap), ("ref", 0), ("dom", domain.Id));
        Assert.That(_host.Call(Builder, 20, bits == 32, GrantAbi.MapGrantRef, Arguments, 1), Is.Zero);
        Assert.That(_guest.Read(Arguments, "struct gnttab_map_grant_ref", "status"), Is.Zero);
        long handle = _guest.Read(Arguments, "struct gnttab_map_grant_ref", "handle");
        Assert.That(Call(DomainControlAbi.DestroyDomain, FirstGuest), Is.Zero);
        Assert.That(_host.Page(Builder, 0x900)[0], Is.EqualTo(42));
        _guest.Write(Arguments, "struct gnttab_unmap_grant_ref", ("host_addr", 0x900000), ("handle", (ulong)handle));
        Assert.That(_host.Call(Builder, 20, bits == 32, GrantAbi.UnmapGrantRef, Arguments, 1), Is.Zero);
        Assert.That(_guest.Read(Arguments, "struct gnttab_unmap_grant_ref", "status"), Is.Zero);
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
        _host.OnContinue = () => domain.VcpuAt(0).State = ++waits == 3 ? VcpuState.Paused : VcpuState.Running;
        Assert.That(Call(DomainControlAbi.PauseDomain, domain.Id), Is.Zero);
        Assert.That(waits, Is.EqualTo(3));
        Assert.That(domain.PauseCount, Is.EqualTo(1), "counted once, however often it looked");
    }

    [Test]
    public void EveryOperationNeedsOneOfItsPrivileges()
    {
        foreach (SubOperation row in DomainControl.Table)
        {
            Assert.That(Call(row.Number, FirstGuest, domain: Unprivileged), Is.EqualTo(XenError.EPERM), row.Name);
            foreach (Privilege privilege in Enum.GetValues<Privilege>())
            {
                _host.Domain(Unprivileged).Config.Privileges = privilege;
                bool allowed = (row.Privileges & privilege) != 0;
                Assert.That(Call(row.Number, 999, domain: Unprivileged) == XenError.EPERM, Is.EqualTo(!allowed), $"{row.Name} with {privilege}");
            }

            _host.Domain(Unprivileged).Config.Privileges = Privilege.None;
        }

        GuestStructures guest = new(_host, Unprivileged, bits);
        foreach (SubOperation row in SystemControl.Table)
        {
            guest.Write(Arguments, "struct xen_sysctl", ("cmd", row.Number), ("interface_version", SystemControlAbi.InterfaceVersion));
            Assert.That(_host.Call(Unprivileged, Sysctl, bits == 32, Arguments), Is.EqualTo(XenError.EPERM), row.Name);
        }

        foreach (SubOperation row in ServiceOperations.Table)
        {
            bool refused = _host.Call(Unprivileged, ServiceOperations.Number, bits == 32, row.Number, Nowhere) == XenError.EPERM;
            Assert.That(refused, Is.EqualTo(row.Privileges != Privilege.None), row.Name);
        }
    }

    [Test]
    public void WhoHasControlAloneSteersGuestsAndNoServices()
    {
        _host.Domain(Unprivileged).Config.Privileges = Privilege.Control;
        Domain service = Make(3, vcpus: 1);
        Assert.That(Call(DomainControlAbi.UnpauseDomain, 3, Unprivileged), Is.EqualTo(XenError.EPERM), "not even starts it");
        Assert.That(service.State, Is.EqualTo(DomainState.Created));
        Assert.That(Call(DomainControlAbi.UnpauseDomain, 3), Is.Zero);
        foreach (int id in new[] { 3, 1 })
        {
            Assert.That(Call(DomainControlAbi.PauseDomain, id, Unprivileged), Is.EqualTo(XenError.EPERM));
            Assert.That(RemoteShutdown(id), Is.EqualTo(XenError.EPERM));
        }

        Assert.That((service.PauseCount, service.IsEnding), Is.EqualTo((0, false)));
        Domain guest = Make(0, vcpus: 1);
        Assert.That(Call(DomainControlAbi.UnpauseDomain, guest.Id, Unprivileged), Is.Zero);
        Assert.That(guest.State, Is.EqualTo(DomainState.Running));
        Assert.That(RemoteShutdown(guest.Id), Is.Zero);
        Assert.That(guest.IsEnding, Is.True);
    }

    [Test]
    public void VersionAndOperationAreChecked()
    {
        _guest.Write(Arguments, Structure, ("cmd", DomainControlAbi.PauseDomain), ("interface_version", 0x14));
        Assert.That(_host.Call(Builder, Domctl, bits == 32, Arguments), Is.EqualTo(XenError.EACCES));
        Assert.That(_host.Call(Builder, Domctl, bits == 32, 0x7000_0000), Is.EqualTo(XenError.EFAULT));
        Assert.That(Call(8, FirstGuest), Is.EqualTo(XenError.ENOSYS));
        Assert.That(Call(DomainControlAbi.PauseDomain, 77), Is.EqualTo(XenError.ESRCH));
        _guest.Write(Arguments, "struct xen_sysctl", ("cmd", SystemControlAbi.PhysInfo), ("interface_version", 0x14));
        Assert.That(_host.Call(Builder, Sysctl, bits == 32, Arguments), Is.EqualTo(XenError.EACCES));
    }

    [Test]
    public void TheListHasEveryDomain()
    {
        Make(0, vcpus: 1);
        List<long> seen = [];
        for (ulong first = 0; seen.Count < 10;)
        {
            _guest.Write(
                Arguments, "struct xen_sysctl", ("cmd", SystemControlAbi.GetDomainInfoList), ("interface_version", SystemControlAbi.InterfaceVersion),
                ("u.getdomaininfolist.first_domain", first), ("u.getdomaininfolist.max_domains", 2), ("u.getdomaininfolist.buffer", Buffer));
            Assert.That(_host.Call(Builder, Sysctl, bits == 32, Arguments), Is.Zero);
            long count = _guest.Read(Arguments, "struct xen_sysctl", "u.getdomaininfolist.num_domains");
            if (count == 0)
            {
                break;
            }

            seen.AddRange(Enumerable.Range(0, (int)count).Select(
                i => _guest.Read(Buffer + ((ulong)i * DomainInformation.Size), "struct xen_domctl_getdomaininfo", "domain")));
            first = (ulong)seen[^1] + 1;
        }

        Assert.That(seen, Is.EqualTo(new long[] { 1, 2, FirstGuest }));
    }

    private static void Configure(DomainConfig config)
    {
        int number = config.Name[^1] - '0';
        config.Privileges = number == Builder ? Privilege.Build | Privilege.Control | Privilege.Info | Privilege.Events : Privilege.None;
        config.IsService = number == Service;
        config.Privileges |= config.IsService ? Privilege.Log : Privilege.None;
    }

    private long Call(uint command, int id, params (string Field, ulong Value)[] fields) => Call(command, id, Builder, fields);

    private long Call(uint command, int id, int domain, params (string Field, ulong Value)[] fields)
    {
        GuestStructures guest = new(_host, domain, bits);
        guest.Write(
            Arguments, Structure,
            [("cmd", command), ("interface_version", DomainControlAbi.InterfaceVersion), ("domain", (ulong)id), .. fields]);
        return _host.Call(domain, Domctl, bits == 32, Arguments);
    }

    private long RemoteShutdown(int id)
    {
        new GuestStructures(_host, Unprivileged, bits).Write(Arguments, "struct sched_remote_shutdown", ("domain_id", (ulong)id));
        return _host.Call(Unprivileged, SchedOp, bits == 32, RemoteShutdownOperation, Arguments);
    }

    private long Create(int id, ulong vcpus = 1) => Call(
        DomainControlAbi.CreateDomain, id, ("u.createdomain.flags", DomainControlAbi.CreateHvm | DomainControlAbi.CreateHap),
        ("u.createdomain.max_vcpus", vcpus));

    // A domain with vCPUs, pages 0 to 31 and an entry point.
    private Domain Make(int id, ulong vcpus)
    {
        Assert.That(Create(id, vcpus), Is.Zero);
        ushort made = (ushort)_guest.Read(Arguments, Structure, "domain");
        Assert.That(Call(DomainControlAbi.MaxVcpus, made, ("u.max_vcpus.max", vcpus)), Is.Zero);
        Assert.That(Call(DomainControlAbi.SetPagingMempoolSize, made, ("u.paging_mempool.size", 64 << 12)), Is.Zero);
        Assert.That(Call(DomainControlAbi.MaxMem, made, ("u.max_mem.max_memkb", Pages * 4)), Is.Zero);
        Assert.That(Reserve(MemoryAbi.PopulatePhysmap, made, [.. Enumerable.Range(0, (int)Pages).Select(static i => (ulong)i)]), Is.EqualTo(Pages));
        Assert.That(SetEntry(made), Is.Zero);
        Domain domain = Kernel.Domains.Find(made)!;
        return domain;
    }

    private Domain Start()
    {
        Domain domain = Make(0, vcpus: 1);
        Assert.That(Call(DomainControlAbi.UnpauseDomain, domain.Id), Is.Zero);
        Assert.That(domain.VcpuAt(0).State, Is.EqualTo(VcpuState.Runnable));
        return domain;
    }

    // Its vCPUs stop, and the life cycle does what it has to.
    private void Settle(Domain domain)
    {
        foreach (Vcpu vcpu in domain.Vcpus)
        {
            if (vcpu.State == VcpuState.Runnable)
            {
                vcpu.Cpu.Schedule.Remove(vcpu.Scheduling);
            }

            vcpu.State = VcpuState.Paused;
        }

        while (Kernel.LifeCycle.DoPiece())
        {
        }
    }

    private uint Info(ushort id)
    {
        Assert.That(Call(DomainControlAbi.GetDomainInfo, id), Is.Zero);
        Assert.That(_guest.Read(Arguments, Structure, "u.getdomaininfo.domain"), Is.EqualTo(id));
        return (uint)_guest.Read(Arguments, Structure, "u.getdomaininfo.flags");
    }

    private long Reserve(uint operation, int id, params ulong[] gfns)
    {
        _guest.Write(
            Arguments, "struct xen_memory_reservation", ("extent_start", _guest.WriteArray(Lists, gfns)), ("nr_extents", (ulong)gfns.Length),
            ("domid", (ulong)id));
        return _host.Call(Builder, MemoryOp, bits == 32, operation, Arguments);
    }

    private long Claim(int id, ulong pages)
    {
        _guest.Write(Arguments, "struct xen_memory_reservation", ("nr_extents", pages), ("domid", (ulong)id));
        return _host.Call(Builder, MemoryOp, bits == 32, MemoryAbi.ClaimPages, Arguments);
    }

    private long AllocateUnbound(ushort id, ushort remote)
    {
        _guest.Write(Arguments, "struct evtchn_alloc_unbound", ("dom", id), ("remote_dom", remote));
        return _host.Call(Builder, EventChannelOp, bits == 32, EventChannelAbi.AllocUnbound, Arguments);
    }

    private long SetParameter(int caller, ushort id, int index, ulong value)
    {
        new GuestStructures(_host, caller, bits).Write(Arguments, "struct xen_hvm_param", ("domid", id), ("index", (ulong)index), ("value", value));
        return _host.Call(caller, 34, bits == 32, 0, Arguments);
    }

    private long CopyTo(ushort id, ulong gpa, byte[] content)
    {
        content.CopyTo(_host.Page(Builder, Buffer >> 12));
        return Service32(DomainBuildingAbi.CopyTo, new DomainBuildingAbi.Copy { Domain = id, Length = (uint)content.Length, Address = gpa, Buffer = Buffer });
    }

    private long CopyObject(ushort id, ulong offset, ulong length, ulong gpa) => Service32(
        DomainBuildingAbi.CopyObject, new DomainBuildingAbi.ObjectCopy { Domain = id, Offset = offset, Length = length, Address = gpa });

    private long SeedGrant(ushort id, uint reference) => Service32(
        DomainBuildingAbi.SeedGrant, new DomainBuildingAbi.Grant { Domain = id, Reference = reference, Backend = 1, Gfn = 5 });

    private long SetEntry(ushort id)
    {
        Span<byte> page = _host.Page(Builder, Arguments >> 12);
        page.Clear();
        _guest.Write(
            Arguments + 8, "struct vcpu_hvm_context", ("cpu_regs.x86_32.eip", 0x1000), ("cpu_regs.x86_32.cr0", 0x11), ("cpu_regs.x86_32.cs_limit", uint.MaxValue),
            ("cpu_regs.x86_32.ss_limit", uint.MaxValue), ("cpu_regs.x86_32.ds_limit", uint.MaxValue), ("cpu_regs.x86_32.es_limit", uint.MaxValue),
            ("cpu_regs.x86_32.tr_limit", 0x67), ("cpu_regs.x86_32.cs_ar", 0xC9B), ("cpu_regs.x86_32.ss_ar", 0xC93), ("cpu_regs.x86_32.ds_ar", 0xC93),
            ("cpu_regs.x86_32.es_ar", 0xC93), ("cpu_regs.x86_32.tr_ar", 0x8B));
        MemoryMarshal.Write(page, (uint)id);
        return _host.Call(Builder, ServiceOperations.Number, bits == 32, DomainBuildingAbi.SetEntry, Arguments);
    }

    private long Service32<T>(uint operation, T argument)
        where T : unmanaged
    {
        MemoryMarshal.Write(_host.Page(Builder, Arguments >> 12), in argument);
        return _host.Call(Builder, ServiceOperations.Number, bits == 32, operation, Arguments);
    }

    // Whether an event was pending; it is not any more.
    private bool Clear(int domain)
    {
        Span<byte> shared = _host.Machine.Frames[_host.Domain(domain).SharedInfoMfn];
        Span<byte> pending = shared.Slice(SharedInfoAbi.Pending, 512);
        bool any = pending.ContainsAnyExcept((byte)0);
        shared.Slice(0, SharedInfoAbi.Pending + 512).Clear();
        return any;
    }
}
