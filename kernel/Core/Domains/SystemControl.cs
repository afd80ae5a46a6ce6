using System;
using Microkernel.Core.Abi;
using Microkernel.Core.Dispatch;
using Microkernel.Core.Hardware;
using Microkernel.Core.Hypercalls;
using Microkernel.Core.Memory;

namespace Microkernel.Core.Domains;

/// <summary>sysctl (xen/sysctl.h): struct xen_sysctl names operation and interface version.</summary>
public static class SystemControl
{
    private const string Test = "domctl";

    /// <summary>The operations.</summary>
    public static readonly SubOperation[] Table =
    [
        new(SystemControlAbi.ReadConsole, "readconsole", "service", Privilege.Log),
        new(SystemControlAbi.PhysInfo, "physinfo", Test, Privilege.Info),
        new(SystemControlAbi.GetDomainInfoList, "getdomaininfolist", Test, Privilege.Info),
        new(SystemControlAbi.GetCpuInfo, "getcpuinfo", Test, Privilege.Info),
    ];

    /// <summary>Serves every operation.</summary>
    public static long Run(ref HypercallCall call)
    {
        if (!call.TryRead(call.Arg0, out SystemControlAbi.Header header))
            return XenError.EFAULT;

        if (header.InterfaceVersion != SystemControlAbi.InterfaceVersion)
            return XenError.EACCES;

        return header.Command switch
        {
            SystemControlAbi.ReadConsole => call.Holds(Privilege.Log) ? ReadLog(ref call) : XenError.EPERM,
            SystemControlAbi.PhysInfo => call.Holds(Privilege.Info) ? GetPhysicalInfo(ref call) : XenError.EPERM,
            SystemControlAbi.GetDomainInfoList => call.Holds(Privilege.Info) ? ListDomains(ref call) : XenError.EPERM,
            SystemControlAbi.GetCpuInfo => call.Holds(Privilege.Info) ? ListCpus(ref call) : XenError.EPERM,
            _ => XenError.ENOSYS,
        };
    }

    // Buffer and count are the caller's; index and count come back.
    private static long ReadLog(ref HypercallCall call)
    {
        ulong at = call.Arg0 + SystemControlAbi.UnionAt;
        if (!call.TryRead(at, out SystemControlAbi.ConsoleRead wanted))
            return XenError.EFAULT;

        Machine machine = call.Domain.Kernel.Machine;
        Span<byte> piece = stackalloc byte[256];
        uint index = wanted.Incremental != 0 ? wanted.Index : machine.LogStart;
        uint done = 0;
        int count;
        do
        {
            count = machine.ReadLog(ref index, piece.Slice(0, (int)Math.Min((uint)piece.Length, wanted.Count - done)));
            if (!call.TryWriteBytes(wanted.Buffer + done, piece.Slice(0, count)))
                return XenError.EFAULT;

            done += (uint)count;
        }
        while (count == piece.Length && done < SystemControlAbi.MostLogBytes);
        (wanted.Index, wanted.Count) = (index, done);
        if (!call.TryWrite(at, in wanted))
            return XenError.EFAULT;

        // What did not fit is not lost.
        if (wanted.Clear != 0)
            machine.ForgetLog(index);

        return 0;
    }

    private static long GetPhysicalInfo(ref HypercallCall call)
    {
        Kernel kernel = call.Domain.Kernel;
        SystemControlAbi.PhysicalInfo info = default;
        info.ThreadsPerCore = info.NodeCount = 1;
        info.CoresPerSocket = info.CpuCount = (uint)kernel.Cpus.Length;
        info.MaxCpuId = info.CpuCount - 1;
        info.CpuKilohertz = (uint)(kernel.Machine.TscFrequency / 1000);
        info.Capabilities = SystemControlAbi.Capabilities;
        info.TotalPages = kernel.Memory.TotalFrames;
        info.FreePages = kernel.Memory.Allocator.FreeFrames;
        info.OutstandingPages = kernel.Memory.Allocator.Claimed;
        info.MaxMfn = kernel.Memory.Frames.FrameCount - 1;
        FillFeatures(kernel.Machine, ref info);
        return call.Answer(call.Arg0 + SystemControlAbi.UnionAt, in info);
    }

    private static void FillFeatures(Machine machine, ref SystemControlAbi.PhysicalInfo info)
    {
        CpuidResult leaf = machine.Cpuid(1, 0);
        (info.Features1D, info.Features1C) = (leaf.Edx, leaf.Ecx);
        leaf = machine.Cpuid(0x8000_0001, 0);
        (info.FeaturesE1D, info.FeaturesE1C) = (leaf.Edx, leaf.Ecx);
        info.FeaturesXsave = machine.Cpuid(0xD, 1).Eax;
        leaf = machine.Cpuid(7, 0);
        (info.Features7B, info.Features7C) = (leaf.Ebx, leaf.Ecx);
        info.FeaturesE7D = machine.Cpuid(0x8000_0007, 0).Edx;
    }

    // A domain that comes or goes meanwhile is in the list or not.
    private static long ListDomains(ref HypercallCall call)
    {
        ulong at = call.Arg0 + SystemControlAbi.UnionAt;
        if (!call.TryRead(at, out SystemControlAbi.DomainList list))
            return XenError.EFAULT;

        ushort id = list.First;
        list.Count = 0;
        while (list.Count < list.MaxDomains && call.Domain.Kernel.Domains.TryFindFrom(ref id))
        {
            using TargetDomain target = new(in call, id++, Privilege.Info, unsealed: false);
            if (target.Error != 0)
                continue;

            DomainInformation.Fill(target.Domain, out DomainControlAbi.DomainInfo info);
            if (!call.TryWrite(list.Buffer + (list.Count++ * DomainInformation.Size), in info))
                return XenError.EFAULT;
        }

        return call.Answer(at + SystemControlAbi.CountAt, list.Count);
    }

    private static long ListCpus(ref HypercallCall call)
    {
        ulong at = call.Arg0 + SystemControlAbi.UnionAt;
        if (!call.TryRead(at, out SystemControlAbi.CpuList list))
            return XenError.EFAULT;

        Kernel kernel = call.Domain.Kernel;
        uint count = Math.Min(list.MaxCpus, (uint)kernel.Cpus.Length);
        for (uint i = 0; i < count; i++)
        {
            ulong idle = kernel.Clock.ToNanoseconds(kernel.Cpus[(int)i].IdleTicks);
            if (!call.TryWrite(list.Info + (i * sizeof(ulong)), idle))
                return XenError.EFAULT;
        }

        return call.Answer(at + SystemControlAbi.CountAt, count);
    }
}
