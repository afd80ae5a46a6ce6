using System;
using System.Runtime.CompilerServices;
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
        if (!GrantBatch.TryStart(in call, out long result))
        {
            return result;
        }

        do
        {
            if (!TryMapOne(in call))
            {
                return XenError.EFAULT;
            }
        }
        while (GrantBatch.TryNext(ref call, GrantAbi.MapSize));
        return 0;
    }

    /// <summary>GNTTABOP_unmap_grant_ref.</summary>
    public static long Unmap(ref HypercallCall call)
    {
        if (!GrantBatch.TryStart(in call, out long result))
        {
            return result;
        }

        // What was taken out of the address space is flushed and released even if the array ends in a fault.
        UndoneMappings undone = call.Domain.Kernel.ThisCpu.Undone;
        bool served;
        do
        {
            served = TryUnmapOne(in call, undone);
        }
        while (served && GrantBatch.TryNext(ref call, GrantAbi.UnmapSize));
        undone.Finish(call.Domain);
        return served ? 0 : XenError.EFAULT;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
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

        GrantClaim claim = new()
        {
            Reference = request.Reference,
            IsWritable = (request.Flags & GrantAbi.MapReadOnly) == 0,
        };
        return GrantMapping.Map(domain, request.Domain, request.Address >> PhysicalMemory.FrameShift, ref claim, out handle);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryUnmapOne(in HypercallCall call, UndoneMappings undone)
    {
        if (!call.TryRead(call.Arg1, out UnmapRequest request))
        {
            return false;
        }

        request.Status = undone.Undo(call.Domain, request.Handle, request.Address);
        return call.TryWrite(call.Arg1 + UnmapStatusOffset, in request.Status);
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
