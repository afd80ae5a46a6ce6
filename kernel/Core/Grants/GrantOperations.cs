using System;
using System.Runtime.InteropServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Hypercalls;

namespace Microkernel.Core.Grants;

/// <summary>grant_table_op: its table, and the operations about the table itself.</summary>
public static class GrantOperations
{
    /// <summary>The operations.</summary>
    public static readonly SubOperation[] Table =
    [
        new(GrantAbi.MapGrantRef, "map_grant_ref", "pairgrant")
        {
            Note = "host mappings only; memory that the mapping replaces goes back to the host",
        },
        new(GrantAbi.UnmapGrantRef, "unmap_grant_ref", "pairgrant"),
        new(GrantAbi.SetupTable, "setup_table", "grant"),
        new(GrantAbi.Copy, "copy", "pairgrant"),
        new(GrantAbi.QuerySize, "query_size", "grant"),
        new(GrantAbi.SetVersion, "set_version", "grant")
        {
            Note = "version 2 only where the domain's manifest entry allows it; transitive grants are refused",
        },
        new(GrantAbi.GetStatusFrames, "get_status_frames", "grant") { Note = "Xen: not for HVM guests" },
        new(GrantAbi.GetVersion, "get_version", "grant"),
        new(GrantAbi.SwapGrantRef, "swap_grant_ref", "grant"),
        new(GrantAbi.CacheFlush, "cache_flush", "grant")
        {
            Note = "Xen: not for HVM guests. Checked; nothing to do where no device bypasses the caches",
        },
    ];

    /// <summary>Serves the operation that the first argument names.</summary>
    public static long Serve(ref HypercallCall call)
    {
        switch (call.Operation)
        {
            case GrantAbi.MapGrantRef: return GrantMapOperations.Map(ref call);
            case GrantAbi.UnmapGrantRef: return GrantMapOperations.Unmap(ref call);
            case GrantAbi.SetupTable: return SetupTable(ref call);
            case GrantAbi.Copy: return GrantCopyOperations.Copy(ref call);
            case GrantAbi.QuerySize: return QuerySize(ref call);
            case GrantAbi.SetVersion: return SetVersion(ref call);
            case GrantAbi.GetStatusFrames: return GetStatusFrames(ref call);
            case GrantAbi.GetVersion: return GetVersion(ref call);
            case GrantAbi.SwapGrantRef: return SwapGrantRef(ref call);
            case GrantAbi.CacheFlush: return CacheFlush(ref call);
            default: return XenError.ENOSYS;
        }
    }

    private static long SetupTable(ref HypercallCall call)
    {
        Span<byte> bytes = stackalloc byte[GrantAbi.SetupTableSize];
        if ((uint)call.Arg2 != 1 || !TryRead(in call, bytes, GrantAbi.SetupTableSize32))
            return (uint)call.Arg2 != 1 ? XenError.EINVAL : XenError.EFAULT;

        ArgumentReader reader = new(bytes, call.Is32);
        short status = CheckDomain(in call, reader.UInt16());
        uint count = reader.UInt32();
        reader.UInt16();
        if (status == GrantAbi.Okay)
            status = SetUp(in call, count, reader.Native());

        return call.Answer(call.Arg1 + 8, in status);
    }

    private static short SetUp(in HypercallCall call, uint count, ulong list)
    {
        GrantFrames frames = call.Domain.Grants.Frames;
        Span<ulong> gfns = stackalloc ulong[GrantFrames.MaxFrames];
        if (count > GrantFrames.MaxFrames)
            return GrantAbi.GeneralError;

        using (call.Domain.GrantLock.Hold())
        {
            if (!frames.TryGrow((int)count))
                return GrantAbi.GeneralError;

            for (int i = 0; i < (int)count; i++)
                gfns[i] = PlaceOf(call.Domain, frames.Entries(i));
        }

        return WriteList(in call, list, gfns.Slice(0, (int)count), call.Is32 ? 4 : 8);
    }

    private static long GetStatusFrames(ref HypercallCall call)
    {
        Span<byte> bytes = stackalloc byte[GrantAbi.StatusFramesSize];
        if ((uint)call.Arg2 != 1 || !TryRead(in call, bytes, GrantAbi.StatusFramesSize32))
            return (uint)call.Arg2 != 1 ? XenError.EINVAL : XenError.EFAULT;

        ArgumentReader reader = new(bytes, call.Is32);
        uint count = reader.UInt32();
        short status = CheckDomain(in call, reader.UInt16());
        reader.UInt16();
        if (status == GrantAbi.Okay)
            status = ListStatusFrames(in call, count, reader.Native());

        return call.Answer(call.Arg1 + 6, in status);
    }

    private static short ListStatusFrames(in HypercallCall call, uint count, ulong list)
    {
        GrantFrames frames = call.Domain.Grants.Frames;
        Span<ulong> gfns = stackalloc ulong[GrantFrames.MaxFrames];
        using (call.Domain.GrantLock.Hold())
        {
            if (count > (uint)frames.StatusCount)
                return GrantAbi.GeneralError;

            for (int i = 0; i < (int)count; i++)
                gfns[i] = PlaceOf(call.Domain, frames.Status(i));
        }

        return WriteList(in call, list, gfns.Slice(0, (int)count), sizeof(ulong));
    }

    private static long QuerySize(ref HypercallCall call)
    {
        if ((uint)call.Arg2 != 1)
            return XenError.EINVAL;

        if (!call.TryRead(call.Arg1, out SizeQuery query))
            return XenError.EFAULT;

        query.Status = CheckDomain(in call, query.Domain);
        if (query.Status == GrantAbi.Okay)
        {
            query.FrameCount = (uint)call.Domain.Grants.Frames.Count;
            query.MaxFrameCount = GrantFrames.MaxFrames;
        }

        return call.Answer(call.Arg1, in query);
    }

    private static long SetVersion(ref HypercallCall call)
    {
        if ((uint)call.Arg2 != 1)
            return XenError.EINVAL;

        if (!call.TryRead(call.Arg1, out uint version))
            return XenError.EFAULT;

        long result = version switch
        {
            1 => call.Domain.Grants.SetVersion(1),
            2 when call.Domain.Config.GrantV2 => call.Domain.Grants.SetVersion(2),
            2 => XenError.ENOSYS,
            _ => XenError.EINVAL,
        };
        version = (uint)call.Domain.Grants.Frames.Version;
        return call.TryWrite(call.Arg1, in version) ? result : XenError.EFAULT;
    }

    private static long GetVersion(ref HypercallCall call)
    {
        if ((uint)call.Arg2 != 1)
            return XenError.EINVAL;

        if (!call.TryRead(call.Arg1, out ushort id))
            return XenError.EFAULT;

        long result = DomainArgument.CheckSelf(in call, id);
        uint version = (uint)call.Domain.Grants.Frames.Version;
        return result != 0 ? result : call.Answer(call.Arg1 + 4, in version);
    }

    private static long SwapGrantRef(ref HypercallCall call)
    {
        if (!GrantBatch.TryStart(in call, out long result))
            return result;

        do
        {
            if (!call.TryRead(call.Arg1, out ulong references))
                return XenError.EFAULT;

            short status = call.Domain.Grants.Swap((uint)references, (uint)(references >> 32));
            if (!call.TryWrite(call.Arg1 + 8, in status))
                return XenError.EFAULT;
        }
        while (GrantBatch.TryNext(ref call, GrantAbi.SwapSize));
        return 0;
    }

    private static long CacheFlush(ref HypercallCall call)
    {
        if (!GrantBatch.TryStart(in call, out long result))
            return result;

        do
        {
            if (!call.TryRead(call.Arg1, out CacheRequest request))
                return XenError.EFAULT;

            if (request.Offset + request.Length > PhysicalMemory.FrameSize
                || (request.Operation & ~(GrantAbi.CacheClean | GrantAbi.CacheInvalidate | GrantAbi.CacheSourceRef)) != 0)
            {
                return XenError.EINVAL;
            }
        }
        while (GrantBatch.TryNext(ref call, GrantAbi.CacheFlushSize));
        return 0;
    }

    private static bool TryRead(in HypercallCall call, Span<byte> bytes, int size32) =>
        call.TryReadBytes(call.Arg1, bytes.Slice(0, call.Is32 ? size32 : bytes.Length));

    private static short CheckDomain(in HypercallCall call, ushort id) => DomainArgument.CheckSelf(in call, id) switch
    {
        0 => GrantAbi.Okay,
        XenError.EPERM => GrantAbi.PermissionDenied,
        _ => GrantAbi.BadDomain,
    };

    // Where the domain maps a shared frame; all ones if it does not.
    private static ulong PlaceOf(Domain domain, ulong mfn) => (ulong)domain.Kernel.Memory.Frames.Link(mfn) - 1;

    private static short WriteList(in HypercallCall call, ulong list, ReadOnlySpan<ulong> values, int size)
    {
        for (int i = 0; i < values.Length; i++)
        {
            ulong address = list + (ulong)(i * size);
            if (!(size == 4 ? call.TryWrite(address, (uint)values[i]) : call.TryWrite(address, in values[i])))
                return GrantAbi.BadAddress;
        }

        return GrantAbi.Okay;
    }

    // struct gnttab_query_size.
    [StructLayout(LayoutKind.Sequential)]
    internal struct SizeQuery
    {
        public ushort Domain;
        public uint FrameCount;
        public uint MaxFrameCount;
        public short Status;
    }

    // struct gnttab_cache_flush.
    [StructLayout(LayoutKind.Sequential)]
    internal struct CacheRequest
    {
        public ulong Address;
        public ushort Offset;
        public ushort Length;
        public uint Operation;
    }
}
