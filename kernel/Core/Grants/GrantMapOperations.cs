using System;
using System.Runtime.InteropServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Hypercalls;

namespace Microkernel.Core.Grants;

/// <summary>
/// GNTTABOP_map_grant_ref and GNTTABOP_unmap_grant_ref: arrays of requests, each with its own status. A long array is
/// continued behind the elements that are done.
/// </summary>
public static class GrantMapOperations
{
    private const int StatusOffset = 18;
    private const int UnmapStatusOffset = 20;

    /// <summary>GNTTABOP_map_grant_ref.</summary>
    public static long Map(ref HypercallCall call)
    {
        uint count = (uint)call.Arg2;
        if ((int)count < 0)
        {
            return XenError.EINVAL;
        }

        while (count > 0)
        {
            if (!TryMapOne(in call))
            {
                return XenError.EFAULT;
            }

            call.Arg1 += GrantAbi.MapSize;
            if (--count > 0 && call.ShouldPreempt)
            {
                call.Arg2 = count;
                return call.Continue();
            }
        }

        return 0;
    }

    /// <summary>GNTTABOP_unmap_grant_ref.</summary>
    public static long Unmap(ref HypercallCall call)
    {
        uint count = (uint)call.Arg2;
        if ((int)count < 0)
        {
            return XenError.EINVAL;
        }

        while (count > 0)
        {
            int batch = (int)Math.Min(count, GrantMapping.BatchSize);
            if (!TryUnmapSome(ref call, batch))
            {
                return XenError.EFAULT;
            }

            count -= (uint)batch;
            if (count > 0 && call.ShouldPreempt)
            {
                call.Arg2 = count;
                return call.Continue();
            }
        }

        return 0;
    }

    private static bool TryMapOne(in HypercallCall call)
    {
        if (!call.TryRead(call.Arg1, out MapRequest request))
        {
            return false;
        }

        request.Status = MapOne(call.Domain, in request, out request.Handle);
        request.BusAddress = 0;
        Span<byte> answer = MemoryMarshal.AsBytes(new Span<MapRequest>(ref request)).Slice(StatusOffset);
        return call.TryWriteBytes(call.Arg1 + StatusOffset, answer);
    }

    private static short MapOne(Domain domain, in MapRequest request, out uint handle)
    {
        const uint unsupported = GrantAbi.DeviceMap | GrantAbi.ApplicationMap | GrantAbi.ContainsPte;
        handle = uint.MaxValue;
        if ((request.Flags & (GrantAbi.HostMap | GrantAbi.DeviceMap)) == 0)
        {
            return GrantAbi.BadReference;
        }

        if ((request.Flags & unsupported) != 0)
        {
            return GrantAbi.GeneralError;
        }

        bool write = (request.Flags & GrantAbi.MapReadOnly) == 0;
        ulong gfn = request.Address >> PhysicalMemory.FrameShift;
        return GrantMapping.Map(domain, request.Domain, request.Reference, gfn, write, out handle);
    }

    // What was taken out of the address space is flushed and released even if the array ends in a fault.
    private static bool TryUnmapSome(ref HypercallCall call, int count)
    {
        Span<Mapping> undone = stackalloc Mapping[GrantMapping.BatchSize];
        int taken = 0;
        bool readable = true;
        for (int i = 0; i < count && readable; i++)
        {
            readable = call.TryRead(call.Arg1, out UnmapRequest request);
            if (readable)
            {
                short status = GrantMapping.Begin(call.Domain, request.Handle, request.Address, out undone[taken]);
                taken += undone[taken].IsUsed ? 1 : 0;
                readable = call.TryWrite(call.Arg1 + UnmapStatusOffset, in status);
                call.Arg1 += GrantAbi.UnmapSize;
            }
        }

        GrantMapping.Finish(call.Domain, undone.Slice(0, taken));
        return readable;
    }

    // struct gnttab_map_grant_ref: the same for 32- and 64-bit callers.
    [StructLayout(LayoutKind.Sequential)]
    internal struct MapRequest
    {
        public ulong Address;
        public uint Flags;
        public uint Reference;
        public ushort Domain;
        public short Status;
        public uint Handle;
        public ulong BusAddress;
    }

    // struct gnttab_unmap_grant_ref: the same for 32- and 64-bit callers.
    [StructLayout(LayoutKind.Sequential)]
    internal struct UnmapRequest
    {
        public ulong Address;
        public ulong BusAddress;
        public uint Handle;
        public short Status;
    }
}
