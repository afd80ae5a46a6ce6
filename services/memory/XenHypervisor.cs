using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microkernel.Core.Abi;
using Microkernel.Services.Memory.Core;
using Microkernel.Xen;

namespace Microkernel.Services.Memory;

/// <summary>The core, by hypercalls: domctl, sysctl, memory_op, event_channel_op and hvm_op with Xen's numbers and layouts, and service_op.</summary>
internal sealed class XenHypervisor : IHypervisor
{
    private const int ControlSize = 256;
    private const int MostDomains = 1024;
    private const uint PopulatePhysmap = 6, SetMemoryMapOperation = 13, ClaimPages = 24;
    private const uint AllocateUnbound = 6;
    private const uint SetParameterOperation = 0;
    private const uint PageShift = 12;
    private const uint AnyNumber = uint.MaxValue;

    private readonly Privcmd _privcmd;
    private readonly ServiceCalls _calls;

    internal XenHypervisor(Privcmd privcmd, ServiceCalls calls, ServiceInfo info)
    {
        _privcmd = privcmd;
        _calls = calls;
        OwnDomain = info.Entry;
        FirstGuest = info.FirstGuest;
        Files = [.. Enumerable.Range(0, info.Objects).Select(calls.GetObject).Select(static o => new BootFile(o.Index, o.Name, (ulong)o.Size))];
    }

    public uint FirstGuest { get; }

    public uint OwnDomain { get; }

    public IReadOnlyList<BootFile> Files { get; }

    public int ReadFile(int file, ulong offset, Span<byte> bytes)
    {
        int done = 0;
        while (done < bytes.Length)
        {
            int count = _calls.ReadObject(file, (long)offset + done, bytes[done..]);
            if (count == 0)
                break;
            done += count;
        }

        return done;
    }

    public HostFacts GetHost()
    {
        using HypercallBuffer control = NewSystemControl(SystemControlAbi.PhysInfo);
        Check("ask for the host's memory", _privcmd.TryCall(Hypercall.System, control.Address));
        SystemControlAbi.PhysicalInfo info = MemoryMarshal.Read<SystemControlAbi.PhysicalInfo>(control.Bytes[(int)SystemControlAbi.UnionAt..]);
        return new HostFacts(info.TotalPages, info.FreePages, info.OutstandingPages);
    }

    public IReadOnlyList<DomainFacts> ListDomains()
    {
        int size = Unsafe.SizeOf<DomainControlAbi.DomainInfo>();
        using HypercallBuffer list = _privcmd.Rent(MostDomains * size);
        using HypercallBuffer control = NewSystemControl(SystemControlAbi.GetDomainInfoList);
        SystemControlAbi.DomainList request = new() { MaxDomains = MostDomains, Buffer = list.Address };
        Span<byte> union = control.Bytes[(int)SystemControlAbi.UnionAt..];
        MemoryMarshal.Write(union, in request);
        Check("list the domains", _privcmd.TryCall(Hypercall.System, control.Address));
        uint count = MemoryMarshal.Read<SystemControlAbi.DomainList>(union).Count;
        var domains = new DomainFacts[count];
        for (int i = 0; i < domains.Length; i++)
            domains[i] = FactsOf(MemoryMarshal.Read<DomainControlAbi.DomainInfo>(list.Bytes[(i * size)..]));
        return domains;
    }

    public uint Create(uint id, int vcpus, bool allowsGrantV2, ReadOnlySpan<byte> handle)
    {
        using HypercallBuffer control = NewControl(DomainControlAbi.CreateDomain, id);
        DomainControlAbi.Creation creation = new()
        {
            Handle = MemoryMarshal.Read<DomainControlAbi.HandleWords>(handle),
            Flags = DomainControlAbi.CreateHvm | DomainControlAbi.CreateHap,
            MaxVcpus = (uint)vcpus,
            MaxEventPort = AnyNumber,
            MaxGrantFrames = -1,
            MaxMaptrackFrames = -1,
            GrantOptions = allowsGrantV2 ? 2u : 1u,
            EmulationFlags = DomainControlAbi.EmulateLocalApic,
        };
        MemoryMarshal.Write(control.Bytes[(int)DomainControlAbi.UnionAt..], in creation);
        Check(id == 0 ? "create a domain" : $"create domain {id}", _privcmd.TryCall(Hypercall.Domain, control.Address));
        return MemoryMarshal.Read<ushort>(control.Bytes[(int)DomainControlAbi.DomainAt..]);
    }

    public void MakeVcpus(uint domain, int vcpus) => Control($"give domain {domain} {vcpus} vCPUs", DomainControlAbi.MaxVcpus, domain, (uint)vcpus);

    public void SetMaximum(uint domain, ulong pages) =>
        Control($"let domain {domain} have {pages} pages", DomainControlAbi.MaxMem, domain, pages << (int)PageShift >> 10);

    public void SetPool(uint domain, ulong bytes)
    {
        long result;
        do
        {
            result = TryControl(DomainControlAbi.SetPagingMempoolSize, domain, bytes);
        }
        while (result == -ErrorNumber.Again);
        Check($"set {bytes} bytes aside for what the core keeps about domain {domain}", result);
    }

    public ulong GetPool(uint domain)
    {
        using HypercallBuffer control = NewControl(DomainControlAbi.GetPagingMempoolSize, domain);
        Check($"ask what is set aside for domain {domain}", _privcmd.TryCall(Hypercall.Domain, control.Address));
        return MemoryMarshal.Read<ulong>(control.Bytes[(int)DomainControlAbi.UnionAt..]);
    }

    public void Claim(uint domain, ulong pages) =>
        Memory($"claim {pages} pages for domain {domain}", ClaimPages, new Reservation { ExtentCount = pages, Domain = (ushort)domain });

    public void SetMemoryMap(uint domain, ReadOnlySpan<byte> entries, int count)
    {
        using HypercallBuffer buffer = _privcmd.Rent(entries.Length);
        entries.CopyTo(buffer.Bytes);
        Memory($"set the memory map of domain {domain}", SetMemoryMapOperation, new ForeignMap { Domain = (ushort)domain, Count = (uint)count, Buffer = buffer.Address });
    }

    public int Populate(uint domain, ReadOnlySpan<ulong> pages, int order)
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(pages);
        using HypercallBuffer buffer = _privcmd.Rent(bytes.Length);
        bytes.CopyTo(buffer.Bytes);
        Reservation reservation = new() { Extents = buffer.Address, ExtentCount = (ulong)pages.Length, Order = (uint)order, Domain = (ushort)domain };
        return (int)Memory($"give domain {domain} memory", PopulatePhysmap, reservation);
    }

    public void CopyTo(uint domain, ulong address, ReadOnlySpan<byte> bytes)
    {
        try
        {
            _calls.CopyTo((ushort)domain, address, bytes);
        }
        catch (XenException e)
        {
            throw Refused(e);
        }
    }

    public void CopyFile(uint domain, int file, ulong offset, ulong length, ulong address) =>
        Do(() => _calls.CopyObject(file, (long)offset, (long)length, (ushort)domain, address));

    public void SetEntry(uint domain, ReadOnlySpan<byte> context)
    {
        byte[] copy = context.ToArray();
        Do(() => _calls.SetEntry((ushort)domain, copy));
    }

    public void SeedGrant(uint domain, int reference, uint backend, ulong page) => Do(() => _calls.SeedGrant((ushort)domain, reference, (ushort)backend, page));

    public void AttachConsole(uint domain) => Do(() => _calls.AttachConsole((ushort)domain));

    public uint AllocatePort(uint domain, uint remote)
    {
        AllocateArgument argument = new() { Domain = (ushort)domain, Remote = (ushort)remote };
        Check($"make a port of domain {domain} for domain {remote}", _privcmd.TryCall(Hypercall.EventChannel, AllocateUnbound, ref argument));
        return argument.Port;
    }

    public void SetParameter(uint domain, uint index, ulong value)
    {
        ParameterArgument argument = new() { Domain = (ushort)domain, Index = index, Value = value };
        Check($"set parameter {index} of domain {domain}", _privcmd.TryCall(Hypercall.Hvm, SetParameterOperation, ref argument));
    }

    public void SetHandle(uint domain, ReadOnlySpan<byte> handle)
    {
        using HypercallBuffer control = NewControl(DomainControlAbi.SetDomainHandle, domain);
        handle.CopyTo(control.Bytes[(int)DomainControlAbi.UnionAt..]);
        Check($"set the id of domain {domain}", _privcmd.TryCall(Hypercall.Domain, control.Address));
    }

    public void Unpause(uint domain) => Control($"start domain {domain}", DomainControlAbi.UnpauseDomain, domain, 0);

    public void Destroy(uint domain)
    {
        long result = TryControl(DomainControlAbi.DestroyDomain, domain, 0);
        if (result != -HypervisorException.NoDomain)
            Check($"destroy domain {domain}", result);
    }

    private static DomainFacts FactsOf(DomainControlAbi.DomainInfo info) => new()
    {
        Id = info.Domain,
        Handle = MemoryMarshal.AsBytes(new ReadOnlySpan<DomainControlAbi.HandleWords>(in info.Handle)).ToArray(),
        IsDying = (info.Flags & DomainControlAbi.InfoDying) != 0,
        EndReason = (info.Flags & DomainControlAbi.InfoShutdown) != 0 ? (info.Flags >> DomainControlAbi.InfoShutdownShift) & 0xFF : null,
        Vcpus = (int)(info.MaxVcpuId + 1),
        Pages = info.TotalPages,
        MaximumPages = info.MaxPages,
    };

    private static HypervisorException Refused(XenException e) => new(e.Message, e.Error);

    private static void Do(Action call)
    {
        try
        {
            call();
        }
        catch (XenException e)
        {
            throw Refused(e);
        }
    }

    private static long Check(string tried, long result) => result >= 0 ? result : throw Refused(new XenException(tried, (int)-result));

    private long Memory<T>(string tried, uint operation, T argument)
        where T : unmanaged => Check(tried, _privcmd.TryCall(Hypercall.Memory, operation, ref argument));

    private void Control(string tried, uint command, uint domain, ulong value) => Check(tried, TryControl(command, domain, value));

    private long TryControl(uint command, uint domain, ulong value)
    {
        using HypercallBuffer control = NewControl(command, domain);
        MemoryMarshal.Write(control.Bytes[(int)DomainControlAbi.UnionAt..], in value);
        return _privcmd.TryCall(Hypercall.Domain, control.Address);
    }

    private HypercallBuffer NewControl(uint command, uint domain)
    {
        HypercallBuffer control = _privcmd.Rent();
        control.Bytes[..ControlSize].Clear();
        DomainControlAbi.Header header = new() { Command = command, InterfaceVersion = DomainControlAbi.InterfaceVersion, Domain = (ushort)domain };
        MemoryMarshal.Write(control.Bytes, in header);
        return control;
    }

    private HypercallBuffer NewSystemControl(uint command)
    {
        HypercallBuffer control = _privcmd.Rent();
        control.Bytes[..ControlSize].Clear();
        SystemControlAbi.Header header = new() { Command = command, InterfaceVersion = SystemControlAbi.InterfaceVersion };
        MemoryMarshal.Write(control.Bytes, in header);
        return control;
    }

    /// <summary>struct xen_memory_reservation.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Reservation
    {
        internal ulong Extents;
        internal ulong ExtentCount;
        internal uint Order;
        internal uint Flags;
        internal ushort Domain;
    }

    /// <summary>struct xen_foreign_memory_map.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct ForeignMap
    {
        internal ushort Domain;
        private readonly uint _padding;
        internal uint Count;
        private readonly uint _morePadding;
        internal ulong Buffer;
    }

    /// <summary>struct evtchn_alloc_unbound.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct AllocateArgument
    {
        internal ushort Domain;
        internal ushort Remote;
        internal uint Port;
    }

    /// <summary>struct xen_hvm_param.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct ParameterArgument
    {
        internal ushort Domain;
        internal uint Index;
        internal ulong Value;
    }
}
