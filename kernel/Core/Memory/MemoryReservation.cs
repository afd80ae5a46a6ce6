using System;
using Microkernel.Core.Abi;
using Microkernel.Core.Hypercalls;

namespace Microkernel.Core.Memory;

/// <summary>struct xen_memory_reservation: a list of extents of 2^order pages.</summary>
internal struct MemoryReservation
{
    // For a domain that is built: 1 GiB.
    private const int MaxForeignOrder = FrameAllocator.Order1G;
    private const int MaxOrder = FrameAllocator.Order2M;

    // What a continuation can still encode beside the operation in 32 bits.
    private const ulong MaxExtents = uint.MaxValue >> MemoryAbi.ExtentShift;

    public ulong ExtentStart;
    public ulong ExtentCount;
    public uint Order;
    public uint Flags;
    public ushort Domain;

    public static bool TryRead(in HypercallCall call, out MemoryReservation value)
    {
        Span<byte> bytes = stackalloc byte[MemoryAbi.ReservationSize];
        value = default;
        if (!call.TryReadBytes(call.Arg1, bytes.Slice(0, call.Is32 ? MemoryAbi.ReservationSize32 : bytes.Length)))
            return false;

        value = Decode(bytes, call.Is32);
        return true;
    }

    internal static MemoryReservation Decode(ReadOnlySpan<byte> bytes, bool is32)
    {
        ArgumentReader reader = new(bytes, is32);
        return new MemoryReservation
        {
            ExtentStart = reader.Native(),
            ExtentCount = reader.Native(),
            Order = reader.UInt32(),
            Flags = reader.UInt32(),
            Domain = reader.UInt16(),
        };
    }

    /// <summary>The operation can go on at extent <paramref name="start"/>; if not, it ends there without an error, as in Xen.</summary>
    public readonly bool IsValid(in TargetDomain target, ulong start) =>
        target.Error == 0 && ExtentCount <= MaxExtents && start < ExtentCount
        && (Order <= MaxOrder || (Order == MaxForeignOrder && target.IsForeign))
        && (Flags & MemoryAbi.AddressBitsMask) is 0 or > 12;
}
