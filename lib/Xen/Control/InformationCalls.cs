using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace Microkernel.Xen;

/// <summary>
/// What the hypervisor knows of the machine and of all domains; needs the privilege Info, the log needs Log. Every method throws
/// <see cref="XenException"/> when refused.
/// </summary>
public sealed class InformationCalls
{
    private const int DomainsAtATime = Privcmd.PageSize / ControlAbi.DomainSize;
    private const uint AffinityBits = 64;
    private const uint GetRunstate = 4;
    private const int RunstateSize = 48;
    private const int EntryTimeAt = 8;

    private readonly Privcmd _privcmd;

    /// <summary>Makes calls by a device that stays the caller's.</summary>
    public InformationCalls(Privcmd privcmd) => _privcmd = privcmd;

    /// <summary>The hypervisor's clock in nanoseconds, as of when the first vCPU of this domain last began to run.</summary>
    public ulong Now()
    {
        using HypercallBuffer buffer = _privcmd.Rent(RunstateSize);
        _privcmd.Call("read the hypervisor's clock", Hypercall.Vcpu, GetRunstate, 0, buffer.Address);
        return MemoryMarshal.Read<ulong>(buffer.Bytes[EntryTimeAt..]);
    }

    /// <summary>All domains.</summary>
    public IReadOnlyList<DomainDescription> ListDomains()
    {
        using HypercallBuffer buffer = _privcmd.Rent();
        List<DomainDescription> all = [];
        while (true)
        {
            var call = new ControlAbi.SystemCall<ControlAbi.DomainList> { Command = ControlAbi.ListDomains };
            call.Argument.First = all.Count == 0 ? 0u : all[^1].Id + 1u;
            call.Argument.Most = DomainsAtATime;
            call.Argument.Buffer = buffer.Address;
            Call("list domains", ref call);
            ReadOnlySpan<ControlAbi.Domain> found = MemoryMarshal.Cast<byte, ControlAbi.Domain>(buffer.Bytes)[..(int)call.Argument.Count];
            foreach (ref readonly ControlAbi.Domain domain in found)
                all.Add(DomainDescription.From(in domain));
            if (found.Length < DomainsAtATime)
                return all;
        }
    }

    /// <summary>A domain; null if there is none.</summary>
    public DomainDescription? GetDomain(ushort domain)
    {
        var call = new ControlAbi.DomainCall<ControlAbi.Domain> { Command = ControlAbi.GetDomainInfo, Version = ControlAbi.Version, Domain = domain };
        long result = _privcmd.TryCall(Hypercall.Domain, ref call);
        if (result == -ErrorNumber.NoSuchDomain)
            return null;
        Check(result, $"look at domain {domain}");
        return DomainDescription.From(in call.Argument);
    }

    /// <summary>A domain's vCPU; null if there is none. Needs Control, too, for its affinity.</summary>
    public VcpuDescription? GetVcpu(ushort domain, uint vcpu)
    {
        var call = new ControlAbi.DomainCall<ControlAbi.Vcpu> { Command = ControlAbi.GetVcpuInfo, Version = ControlAbi.Version, Domain = domain };
        call.Argument.Number = vcpu;
        long result = _privcmd.TryCall(Hypercall.Domain, ref call);
        if (result is -ErrorNumber.NoSuchDomain or -ErrorNumber.Invalid)
            return null;
        Check(result, $"look at vCPU {vcpu} of domain {domain}");
        ref ControlAbi.Vcpu found = ref call.Argument;
        return new VcpuDescription(
            found.Cpu, found.IsOnline != 0, found.IsRunning != 0, found.IsBlocked != 0, found.CpuTime, GetAffinity(domain, vcpu));
    }

    /// <summary>The machine.</summary>
    public HostDescription GetHost()
    {
        var call = new ControlAbi.SystemCall<ControlAbi.Machine> { Command = ControlAbi.PhysicalInfo };
        Call("look at the machine", ref call);
        ref ControlAbi.Machine found = ref call.Argument;
        return new HostDescription(found.Cpus, found.CpuKilohertz, found.TotalPages, found.FreePages);
    }

    /// <summary>Reads the log from an index on, or from the oldest that is kept.</summary>
    /// <param name="index">Where; moves on. 0 for the beginning.</param>
    /// <param name="most">The most bytes.</param>
    public byte[] ReadLog(ref uint index, int most)
    {
        using HypercallBuffer buffer = _privcmd.Rent(most);
        var call = new ControlAbi.SystemCall<ControlAbi.ConsoleRead> { Command = ControlAbi.ReadConsole };
        call.Argument.IsIncremental = 1;
        call.Argument.Index = index;
        call.Argument.Buffer = buffer.Address;
        call.Argument.Count = (uint)most;
        Call("read the log", ref call);
        index = call.Argument.Index;
        return buffer.Bytes[..(int)Math.Min(call.Argument.Count, (uint)most)].ToArray();
    }

    /// <summary>Forgets the log.</summary>
    public void ClearLog()
    {
        using HypercallBuffer buffer = _privcmd.Rent();
        var call = new ControlAbi.SystemCall<ControlAbi.ConsoleRead> { Command = ControlAbi.ReadConsole };
        call.Argument.Clears = 1;
        call.Argument.Buffer = buffer.Address;
        Call("clear the log", ref call);
    }

    private static void Check(long result, string tried)
    {
        if (result < 0)
            throw new XenException(tried, (int)-result);
    }

    private ulong GetAffinity(ushort domain, uint vcpu)
    {
        using HypercallBuffer map = _privcmd.Rent();
        map.Bytes[..sizeof(ulong)].Clear();
        var call = new ControlAbi.DomainCall<ControlAbi.Affinity> { Command = ControlAbi.GetAffinity, Version = ControlAbi.Version, Domain = domain };
        call.Argument.Vcpu = vcpu;
        call.Argument.Flags = ControlAbi.HardAffinity;
        call.Argument.HardBitmap = map.Address;
        call.Argument.HardBits = AffinityBits;
        long result = _privcmd.TryCall(Hypercall.Domain, ref call);
        // A domain that left meanwhile has none.
        return result < 0 ? 0 : MemoryMarshal.Read<ulong>(map.Bytes);
    }

    private void Call<T>(string tried, ref ControlAbi.SystemCall<T> call)
        where T : unmanaged
    {
        call.Version = ControlAbi.Version;
        Check(_privcmd.TryCall(Hypercall.System, ref call), tried);
    }
}
