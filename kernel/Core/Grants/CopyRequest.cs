using System;
using Microkernel.Core.Abi;
using Microkernel.Core.Hardware;
using Microkernel.Core.Hypercalls;

namespace Microkernel.Core.Grants;

/// <summary>struct gnttab_copy.</summary>
internal struct CopyRequest
{
    public CopyPlace Source;
    public CopyPlace Target;
    public int Length;

    /// <summary>Reads a request; false when it cannot be read.</summary>
    public static bool TryRead(in HypercallCall call, out CopyRequest request)
    {
        Span<byte> bytes = stackalloc byte[GrantAbi.CopySize];
        bool readable = call.TryReadBytes(call.Arg1, bytes.Slice(0, call.Is32 ? GrantAbi.CopySize32 : bytes.Length));
        request = Decode(bytes, call.Is32);
        return readable;
    }

    /// <summary>Offset of the status, the last field.</summary>
    public static ulong StatusOffset(bool is32) => is32 ? 20UL : 36UL;

    internal static CopyRequest Decode(ReadOnlySpan<byte> bytes, bool is32)
    {
        ArgumentReader reader = new(bytes, is32);
        CopyRequest request = default;
        request.Source = Place(ref reader);
        ArgumentReader second = new(bytes.Slice(is32 ? 8 : 16), is32);
        request.Target = Place(ref second);
        ArgumentReader tail = new(bytes.Slice(is32 ? 16 : 32), is32);
        request.Length = tail.UInt16();
        uint flags = tail.UInt16();
        request.Source.IsReference = (flags & GrantAbi.CopySourceRef) != 0;
        request.Target.IsReference = (flags & GrantAbi.CopyTargetRef) != 0;
        return request;
    }

    /// <summary>The range lies within its page at both ends.</summary>
    public readonly bool IsWithinPages =>
        Source.Offset + Length <= PhysicalMemory.FrameSize && Target.Offset + Length <= PhysicalMemory.FrameSize;

    // The reference is a 32-bit member of a union with the frame number.
    private static CopyPlace Place(ref ArgumentReader reader) =>
        new() { Number = reader.Native(), Domain = reader.UInt16(), Offset = reader.UInt16() };
}
