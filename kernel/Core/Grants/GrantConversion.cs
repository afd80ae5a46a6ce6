using System;
using Microkernel.Core.Abi;
using Microkernel.Core.Hardware;

namespace Microkernel.Core.Grants;

/// <summary>Rewrites a grant table whose version changes: the reserved entries keep their grants, the others are emptied.</summary>
internal static class GrantConversion
{
    /// <summary>Converts to the other version; 0, ENOMEM or EINVAL, with nothing changed.</summary>
    public static long Convert(GrantFrames frames, PhysicalMemory memory, int version)
    {
        Span<ulong> gfns = stackalloc ulong[GrantAbi.ReservedEntries];
        Span<uint> headers = stackalloc uint[GrantAbi.ReservedEntries];
        if (!TryRead(frames, memory, headers, gfns))
            return XenError.EINVAL;

        if (!(version == 2 ? frames.TryBecomeVersion2() : frames.TryBecomeVersion1()))
            return XenError.ENOMEM;

        for (int i = 0; i < frames.Count; i++)
            memory.Zero(frames.Entries(i), 1);

        for (int i = 0; i < frames.StatusCount; i++)
            memory.Zero(frames.Status(i), 1);

        Write(frames, memory, headers, gfns);
        return 0;
    }

    private static bool TryRead(GrantFrames frames, PhysicalMemory memory, Span<uint> headers, Span<ulong> gfns)
    {
        using FrameView view = new(memory, frames.Entries(0));
        Span<uint> words = view.As<uint>();
        for (int i = 0; i < headers.Length; i++)
        {
            int word = i * (frames.Version == 2 ? 4 : 2);
            headers[i] = words[word];
            gfns[i] = frames.Version == 2 ? words[word + 2] | (ulong)words[word + 3] << 32 : words[word + 1];
            uint type = headers[i] & GrantAbi.TypeMask;
            if (type != 0 && (gfns[i] > uint.MaxValue || type != GrantAbi.PermitAccess
                || (headers[i] & GrantAbi.SubPage) != 0))
            {
                return false;
            }
        }

        return true;
    }

    private static void Write(GrantFrames frames, PhysicalMemory memory, Span<uint> headers, Span<ulong> gfns)
    {
        using FrameView view = new(memory, frames.Entries(0));
        Span<uint> words = view.As<uint>();
        for (int i = 0; i < headers.Length; i++)
        {
            int word = i * (frames.Version == 2 ? 4 : 2);
            words[word + (frames.Version == 2 ? 2 : 1)] = (uint)gfns[i];
            words[word] = headers[i];
        }
    }
}
