using System;
using Microkernel.Core.Abi;
using Microkernel.Core.Boot;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;

namespace Microkernel.Core.Hypercalls;

/// <summary>
/// The operations of service_op by which an entry of the manifest learns what it has: its rings and devices, and the files that the boot
/// loader brought.
/// </summary>
public static class ServiceQueries
{
    /// <summary>Serves the operation that the first argument names.</summary>
    public static long Serve(ref HypercallCall call) => call.Operation switch
    {
        ServiceAbi.GetInfo => GetInfo(ref call),
        ServiceAbi.GetRing => GetRing(ref call),
        ServiceAbi.GetDevice => GetDevice(ref call),
        ServiceAbi.GetObject => call.Holds(Privilege.Build) ? GetObject(ref call) : XenError.EPERM,
        ServiceAbi.ReadObject => call.Holds(Privilege.Build) ? ReadObject(ref call) : XenError.EPERM,
        ServiceAbi.Audit => call.Holds(Privilege.Info) ? RunAudit(ref call) : XenError.EPERM,
        _ => XenError.ENOSYS,
    };

    private static long GetInfo(ref HypercallCall call)
    {
        Domain domain = call.Domain;
        Kernel kernel = domain.Kernel;
        ServiceAbi.Info info = default;
        info.Version = ServiceAbi.Version;
        info.Entry = domain.Id <= kernel.Domains.EntryCount && domain.Config.KeepsId ? domain.Id : 0u;
        info.Privileges = (uint)domain.Config.Privileges;
        info.ObjectCount = (uint)kernel.Boot.Modules.Length;
        info.DeviceCount = (uint)domain.Config.Devices.Length;
        info.KeptPages = (uint)domain.Config.Kept.Count;
        info.FirstGuestId = (uint)kernel.Domains.EntryCount + 1;
        foreach (RingConfig ring in kernel.Domains.Rings)
            info.RingCount += ring.Joins(domain.Id) ? 1u : 0;

        return call.Answer(call.Arg1, in info);
    }

    private static long GetRing(ref HypercallCall call)
    {
        if (!call.TryRead(call.Arg1, out ServiceAbi.Ring wanted))
            return XenError.EFAULT;

        Domain domain = call.Domain;
        RingConfig[] rings = domain.Kernel.Domains.Rings;
        uint left = wanted.Index;
        for (int i = 0; i < rings.Length; i++)
        {
            if (!rings[i].Joins(domain.Id) || left-- != 0)
                continue;

            wanted.Id = (uint)i;
            wanted.IsSecond = rings[i].Second == domain.Id ? 1u : 0;
            wanted.Peer = wanted.IsSecond != 0 ? rings[i].First : rings[i].Second;
            wanted.Pages = (ulong)rings[i].Memory.Count;
            byte[] name = domain.Kernel.Domains.Slots[(int)wanted.Peer - 1].Config.Name;
            return call.TryWrite(call.Arg1, in wanted) ? WriteName(in call, ServiceAbi.RingNameAt, name) : XenError.EFAULT;
        }

        return XenError.ENOENT;
    }

    private static long GetDevice(ref HypercallCall call)
    {
        if (!call.TryRead(call.Arg1, out ServiceAbi.Device wanted))
            return XenError.EFAULT;

        ReadOnlySpan<DeviceMemory> devices = call.Domain.Config.Devices;
        if (wanted.Index >= (uint)devices.Length || devices[(int)wanted.Index].Mfn == 0)
            return XenError.ENOENT;

        DeviceMemory device = devices[(int)wanted.Index];
        wanted.Address = device.Gfn << PhysicalMemory.FrameShift;
        wanted.Size = device.FrameCount << PhysicalMemory.FrameShift;
        return call.Answer(call.Arg1, in wanted);
    }

    private static long GetObject(ref HypercallCall call)
    {
        if (!call.TryRead(call.Arg1, out ServiceAbi.Object wanted))
            return XenError.EFAULT;

        ReadOnlySpan<BootModule> modules = call.Domain.Kernel.Boot.Modules;
        if (wanted.Index >= (uint)modules.Length)
            return XenError.ENOENT;

        BootModule module = modules[(int)wanted.Index];
        wanted.Size = module.Length;
        return call.TryWrite(call.Arg1, in wanted) ? WriteName(in call, ServiceAbi.ObjectNameAt, module.Name) : XenError.EFAULT;
    }

    private static long ReadObject(ref HypercallCall call)
    {
        if (!call.TryRead(call.Arg1, out ServiceAbi.ObjectRead wanted))
            return XenError.EFAULT;

        Kernel kernel = call.Domain.Kernel;
        if (wanted.Index >= (uint)kernel.Boot.Modules.Length)
            return XenError.ENOENT;

        ModuleReader module = new(kernel.Machine.Memory, kernel.Boot.Modules[(int)wanted.Index]);
        if (wanted.Offset > module.Length)
            return XenError.EINVAL;

        ulong length = Math.Min(Math.Min(wanted.Length, ServiceAbi.MostBytes), module.Length - wanted.Offset);
        Span<byte> piece = stackalloc byte[256];
        for (ulong done = 0; done < length; done += (uint)piece.Length)
        {
            piece = piece.Slice(0, (int)Math.Min((ulong)piece.Length, length - done));
            if (!module.TryRead(wanted.Offset + done, piece) || !call.TryWriteBytes(wanted.Buffer + done, piece))
                return XenError.EFAULT;
        }

        return (long)length;
    }

    private static long RunAudit(ref HypercallCall call)
    {
        Kernel kernel = call.Domain.Kernel;
        if (!kernel.LifeCycle.TryAudit(out bool isClean))
            return XenError.EAGAIN;

        ServiceAbi.AuditResult result = default;
        result.Violations = isClean ? 0u : 1u;
        result.FreeFrames = kernel.Memory.Allocator.FreeFrames;
        return call.Answer(call.Arg1, in result);
    }

    private static long WriteName(in HypercallCall call, ulong offset, ReadOnlySpan<byte> name)
    {
        Span<byte> field = stackalloc byte[ServiceAbi.NameSize];
        field.Clear();
        name.Slice(0, Math.Min(name.Length, ServiceAbi.NameSize - 1)).CopyTo(field);
        return call.AnswerBytes(call.Arg1 + offset, field);
    }
}
