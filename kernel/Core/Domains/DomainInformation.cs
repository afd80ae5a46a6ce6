using System;
using System.Runtime.InteropServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Hypercalls;
using Microkernel.Core.Time;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Domains;

/// <summary>What the core tells of a domain: struct xen_domctl_getdomaininfo.</summary>
public static class DomainInformation
{
    /// <summary>Bytes of the structure.</summary>
    public const ulong Size = 112;

    private const uint NoVcpu = uint.MaxValue;
    private const byte AddressBits = 48;

    /// <summary>XEN_DOMCTL_getdomaininfo.</summary>
    public static long Get(ref HypercallCall call, Domain target)
    {
        Fill(target, out DomainControlAbi.DomainInfo info);
        return call.Answer(call.Arg0 + DomainControlAbi.UnionAt, in info);
    }

    /// <summary>Describes a domain as it is now.</summary>
    public static void Fill(Domain domain, out DomainControlAbi.DomainInfo info)
    {
        info = default;
        info.Domain = domain.Id;
        info.Flags = DomainControlAbi.InfoHvm | DomainControlAbi.InfoHap | StateFlags(domain);
        info.TotalPages = domain.Memory.Pages;
        info.MaxPages = domain.Memory.MaxPages;
        info.OutstandingPages = domain.Memory.ClaimedPages;
        info.SharedInfoFrame = (ulong)domain.Kernel.Memory.Frames.Link(domain.SharedInfoMfn) - 1;
        info.MaxVcpuId = NoVcpu;
        info.Handle = MemoryMarshal.Read<DomainControlAbi.HandleWords>(domain.Handle);
        info.AddressBits = AddressBits;
        info.EmulationFlags = DomainControlAbi.EmulateLocalApic;
        uint flags = domain.Vcpus.Length != 0 ? DomainControlAbi.InfoBlocked : 0;
        foreach (Vcpu vcpu in domain.Vcpus)
        {
            VcpuState state = vcpu.State;
            info.MaxVcpuId = (uint)vcpu.Id;
            info.CpuTime += vcpu.Runstate.TimeIn(RunstateKind.Running);
            info.OnlineVcpus += state != VcpuState.Offline ? 1u : 0;
            if (state is VcpuState.Running)
                flags = DomainControlAbi.InfoRunning;
            else if (state is VcpuState.Runnable or VcpuState.Paused)
                flags &= ~DomainControlAbi.InfoBlocked;
        }

        info.Flags |= flags;
    }

    private static uint StateFlags(Domain domain)
    {
        uint flags = domain.PauseCount != 0 ? DomainControlAbi.InfoPaused : 0;
        if (domain.IsDoomed || domain.State == DomainState.Dying)
            flags |= DomainControlAbi.InfoDying;

        if (domain.State is DomainState.ShutDown or DomainState.Dying && domain.EndReason != ShutdownReason.Destroyed)
            flags |= DomainControlAbi.InfoShutdown | ((uint)(byte)domain.EndReason << DomainControlAbi.InfoShutdownShift);

        return flags;
    }
}
