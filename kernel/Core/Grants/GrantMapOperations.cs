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
        // Here, and not where they are used: they are cleared once.
        MapRequest request = default;
        GrantClaim claim = default;
        if (!GrantBatch.TryStart(in call, out long result))
            return result;

        Span<byte> bytes = MemoryMarshal.AsBytes(new Span<MapRequest>(ref request));
        do
        {
            if (!call.TryReadBytes(call.Arg1, bytes))
                return XenError.EFAULT;

            request.Handle = MappingTable.NoHandle;
            request.Status = (short)MapOne(call.Domain, in request, ref claim, ref request.Handle);
            request.BusAddress = 0;
            if (!call.TryWriteBytes(call.Arg1 + StatusOffset, bytes.Slice(StatusOffset)))
                return XenError.EFAULT;
        }
        while (GrantBatch.TryNext(ref call, GrantAbi.MapSize));
        return 0;
    }

    /// <summary>GNTTABOP_unmap_grant_ref.</summary>
    public static long Unmap(ref HypercallCall call)
    {
        UnmapRequest request = default;
        if (!GrantBatch.TryStart(in call, out long result))
            return result;

        // What was taken out of the address space is flushed and released even if the array ends in a fault.
        UndoneMappings undone = call.Vcpu.Cpu.Undone;
        Span<byte> bytes = MemoryMarshal.AsBytes(new Span<UnmapRequest>(ref request));
        do
        {
            if (!call.TryReadBytes(call.Arg1, bytes))
            {
                result = XenError.EFAULT;
                break;
            }

            request.Status = (short)undone.Undo(call.Domain, request.Handle, request.Address);
            if (!call.TryWriteBytes(call.Arg1 + UnmapStatusOffset, bytes.Slice(UnmapStatusOffset, sizeof(short))))
            {
                result = XenError.EFAULT;
                break;
            }
        }
        while (GrantBatch.TryNext(ref call, GrantAbi.UnmapSize));
        undone.Finish(call.Domain);
        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int MapOne(Domain domain, in MapRequest request, ref GrantClaim claim, ref uint handle)
    {
        const uint unsupported = GrantAbi.DeviceMap | GrantAbi.ApplicationMap | GrantAbi.ContainsPte;
        if ((request.Flags & (GrantAbi.HostMap | unsupported)) != GrantAbi.HostMap)
            return (request.Flags & (GrantAbi.HostMap | GrantAbi.DeviceMap)) == 0 ? GrantAbi.BadReference : GrantAbi.GeneralError;

        claim.Reference = request.Reference;
        claim.IsWritable = (request.Flags & GrantAbi.MapReadOnly) == 0;
        return GrantMapping.Map(domain, request.Domain, request.Address >> PhysicalMemory.FrameShift, ref claim, ref handle);
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
