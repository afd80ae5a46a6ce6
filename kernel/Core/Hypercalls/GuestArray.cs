using System;
using System.Runtime.InteropServices;
using Microkernel.Core.Hardware;

namespace Microkernel.Core.Hypercalls;

/// <summary>An array of xen_pfn_t or xen_ulong_t in the caller's memory: 8 or, for 32-bit callers, 4 bytes each.</summary>
public static class GuestArray
{
    /// <summary>
    /// Reads elements from <paramref name="index"/> on: as many as lie on one page, so that either all or none of them
    /// can be read. Returns how many; 0 when they cannot.
    /// </summary>
    public static int Read(in HypercallCall call, ulong array, ulong index, ulong count, Span<ulong> values)
    {
        int size = call.Is32 ? 4 : 8;
        ulong address = array + index * (ulong)size;
        int onPage = (PhysicalMemory.FrameSize - (int)(address & PhysicalMemory.FrameSize - 1)) / size;
        int wanted = (int)Math.Min(count, (ulong)Math.Min(values.Length, Math.Max(onPage, 1)));
        Span<byte> bytes = MemoryMarshal.AsBytes(values).Slice(0, wanted * size);
        if (!call.TryReadBytes(address, bytes))
            return 0;

        if (call.Is32)
            Widen(values.Slice(0, wanted));

        return wanted;
    }

    /// <summary>Reads one element.</summary>
    public static bool TryRead(in HypercallCall call, ulong array, ulong index, out ulong value)
    {
        value = 0;
        return Read(in call, array, index, 1, new Span<ulong>(ref value)) == 1;
    }

    // The elements stand packed at the start of the span: spread them from the last to the first.
    private static void Widen(Span<ulong> values)
    {
        Span<uint> packed = MemoryMarshal.Cast<ulong, uint>(values);
        for (int i = values.Length - 1; i >= 0; i--)
            values[i] = packed[i];
    }
}
