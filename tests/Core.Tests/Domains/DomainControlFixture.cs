using System;
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
public abstract class DomainControlFixture(int bits)
{
    protected const ulong MemoryOp = 12;
    protected const ulong SchedOp = 29;
    protected const ulong RemoteShutdownOperation = 4;
    protected const ulong EventChannelOp = 32;
    protected const ulong Sysctl = 35;
    protected const ulong Domctl = 36;
    protected const ulong Arguments = 0x1000;
    protected const ulong Lists = 0x2000;
    protected const ulong Buffer = 0x3000;
    protected const ulong Nowhere = 1UL << 40;
    protected const int Builder = 0;
    protected const int Unprivileged = 1;
    protected const int Service = 2;
    protected const ushort FirstGuest = 4;
    protected const ulong Pages = 32;
    protected const string Structure = "struct xen_domctl";
    protected static readonly byte[] Object = [.. Enumerable.Range(0, 10000).Select(static i => (byte)(i * 7))];

    protected TestHost Host { get; private set; } = null!;

    protected GuestStructures Guest { get; private set; } = null!;

    protected ulong FreeAtStart { get; private set; }

    protected int Bits { get; } = bits;

    protected Kernel Kernel => Host.Kernel;

    [SetUp]
    public void SetUp()
    {
        Host = new TestHost(domains: 3, configure: Configure, slots: 3, slotVcpus: 6, module: Object);
        Guest = new GuestStructures(Host, Builder, Bits);
        Host.OnContinue = () => Kernel.LifeCycle.DoPiece();
        FreeAtStart = Kernel.Memory.Allocator.FreeFrames;
    }

    [TearDown]
    public void EverythingIsAccountedFor() => Assert.That(Audit.Check(Kernel), Is.True, Host.Machine.Log.ToString());

    private static void Configure(DomainConfig config)
    {
        int number = config.Name[^1] - '0';
        config.Privileges = number == Builder ? Privilege.Build | Privilege.Control | Privilege.Info | Privilege.Events : Privilege.None;
        config.IsService = number == Service;
        config.Privileges |= config.IsService ? Privilege.Log : Privilege.None;
    }

    protected long Call(uint command, int id, params (string Field, ulong Value)[] fields) => Call(command, id, Builder, fields);

    protected long Call(uint command, int id, int domain, params (string Field, ulong Value)[] fields)
    {
        GuestStructures guest = new(Host, domain, Bits);
        guest.Write(
            Arguments, Structure,
            [("cmd", command), ("interface_version", DomainControlAbi.InterfaceVersion), ("domain", (ulong)id), .. fields]);
        return Host.Call(domain, Domctl, Bits == 32, Arguments);
    }

    protected long RemoteShutdown(int id)
    {
        new GuestStructures(Host, Unprivileged, Bits).Write(Arguments, "struct sched_remote_shutdown", ("domain_id", (ulong)id));
        return Host.Call(Unprivileged, SchedOp, Bits == 32, RemoteShutdownOperation, Arguments);
    }

    protected long Create(int id, ulong vcpus = 1) => Call(
        DomainControlAbi.CreateDomain, id, ("u.createdomain.flags", DomainControlAbi.CreateHvm | DomainControlAbi.CreateHap),
        ("u.createdomain.max_vcpus", vcpus));

    // A domain with vCPUs, pages 0 to 31 and an entry point.
    protected Domain Make(int id, ulong vcpus)
    {
        Assert.That(Create(id, vcpus), Is.Zero);
        ushort made = (ushort)Guest.Read(Arguments, Structure, "domain");
        Assert.That(Call(DomainControlAbi.MaxVcpus, made, ("u.max_vcpus.max", vcpus)), Is.Zero);
        Assert.That(Call(DomainControlAbi.SetPagingMempoolSize, made, ("u.paging_mempool.size", 64 << 12)), Is.Zero);
        Assert.That(Call(DomainControlAbi.MaxMem, made, ("u.max_mem.max_memkb", Pages * 4)), Is.Zero);
        Assert.That(Reserve(MemoryAbi.PopulatePhysmap, made, [.. Enumerable.Range(0, (int)Pages).Select(static i => (ulong)i)]), Is.EqualTo(Pages));
        Assert.That(SetEntry(made), Is.Zero);
        Domain domain = Kernel.Domains.Find(made)!;
        return domain;
    }

    protected Domain Start()
    {
        Domain domain = Make(0, vcpus: 1);
        Assert.That(Call(DomainControlAbi.UnpauseDomain, domain.Id), Is.Zero);
        Assert.That(domain.VcpuAt(0).State, Is.EqualTo(VcpuState.Runnable));
        return domain;
    }

    // Its vCPUs stop, and the life cycle does what it has to.
    protected void Settle(Domain domain)
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

    protected uint Info(ushort id)
    {
        Assert.That(Call(DomainControlAbi.GetDomainInfo, id), Is.Zero);
        Assert.That(Guest.Read(Arguments, Structure, "u.getdomaininfo.domain"), Is.EqualTo(id));
        return (uint)Guest.Read(Arguments, Structure, "u.getdomaininfo.flags");
    }

    protected long Reserve(uint operation, int id, params ulong[] gfns)
    {
        Guest.Write(
            Arguments, "struct xen_memory_reservation", ("extent_start", Guest.WriteArray(Lists, gfns)), ("nr_extents", (ulong)gfns.Length),
            ("domid", (ulong)id));
        return Host.Call(Builder, MemoryOp, Bits == 32, operation, Arguments);
    }

    protected long Claim(int id, ulong pages)
    {
        Guest.Write(Arguments, "struct xen_memory_reservation", ("nr_extents", pages), ("domid", (ulong)id));
        return Host.Call(Builder, MemoryOp, Bits == 32, MemoryAbi.ClaimPages, Arguments);
    }

    protected long AllocateUnbound(ushort id, ushort remote)
    {
        Guest.Write(Arguments, "struct evtchn_alloc_unbound", ("dom", id), ("remote_dom", remote));
        return Host.Call(Builder, EventChannelOp, Bits == 32, EventChannelAbi.AllocUnbound, Arguments);
    }

    protected long SetParameter(int caller, ushort id, int index, ulong value)
    {
        new GuestStructures(Host, caller, Bits).Write(Arguments, "struct xen_hvm_param", ("domid", id), ("index", (ulong)index), ("value", value));
        return Host.Call(caller, 34, Bits == 32, 0, Arguments);
    }

    protected long CopyTo(ushort id, ulong gpa, byte[] content)
    {
        content.CopyTo(Host.Page(Builder, Buffer >> 12));
        return Service32(DomainBuildingAbi.CopyTo, new DomainBuildingAbi.Copy { Domain = id, Length = (uint)content.Length, Address = gpa, Buffer = Buffer });
    }

    protected long CopyObject(ushort id, ulong offset, ulong length, ulong gpa) => Service32(
        DomainBuildingAbi.CopyObject, new DomainBuildingAbi.ObjectCopy { Domain = id, Offset = offset, Length = length, Address = gpa });

    protected long SeedGrant(ushort id, uint reference) => Service32(
        DomainBuildingAbi.SeedGrant, new DomainBuildingAbi.Grant { Domain = id, Reference = reference, Backend = 1, Gfn = 5 });

    protected long SetEntry(ushort id)
    {
        Span<byte> page = Host.Page(Builder, Arguments >> 12);
        page.Clear();
        Guest.Write(
            Arguments + 8, "struct vcpu_hvm_context", ("cpu_regs.x86_32.eip", 0x1000), ("cpu_regs.x86_32.cr0", 0x11), ("cpu_regs.x86_32.cs_limit", uint.MaxValue),
            ("cpu_regs.x86_32.ss_limit", uint.MaxValue), ("cpu_regs.x86_32.ds_limit", uint.MaxValue), ("cpu_regs.x86_32.es_limit", uint.MaxValue),
            ("cpu_regs.x86_32.tr_limit", 0x67), ("cpu_regs.x86_32.cs_ar", 0xC9B), ("cpu_regs.x86_32.ss_ar", 0xC93), ("cpu_regs.x86_32.ds_ar", 0xC93),
            ("cpu_regs.x86_32.es_ar", 0xC93), ("cpu_regs.x86_32.tr_ar", 0x8B));
        MemoryMarshal.Write(page, (uint)id);
        return Host.Call(Builder, ServiceOperations.Number, Bits == 32, DomainBuildingAbi.SetEntry, Arguments);
    }

    protected long Service32<T>(uint operation, T argument)
        where T : unmanaged
    {
        MemoryMarshal.Write(Host.Page(Builder, Arguments >> 12), in argument);
        return Host.Call(Builder, ServiceOperations.Number, Bits == 32, operation, Arguments);
    }

    // Whether an event was pending; it is not any more.
    protected bool Clear(int domain)
    {
        Span<byte> shared = Host.Machine.Frames[Host.Domain(domain).SharedInfoMfn];
        Span<byte> pending = shared.Slice(SharedInfoAbi.Pending, 512);
        bool any = pending.ContainsAnyExcept((byte)0);
        shared.Slice(0, SharedInfoAbi.Pending + 512).Clear();
        return any;
    }
}
