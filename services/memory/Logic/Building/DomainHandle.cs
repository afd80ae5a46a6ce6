using System;
using System.Buffers.Binary;

namespace Microkernel.Services.Memory.Building;

/// <summary>
/// The universal id of the domains that this service makes (an RFC 9562 UUID of version 8): half of it is the domain's generation, and
/// the last bit says whether the domain was built to the end. The core keeps it, so this service knows both after its own restart.
/// </summary>
internal readonly struct DomainHandle
{
    private const int VersionAt = 6;
    private const int VariantAt = 8;
    private const int StateAt = 15;
    private const byte Complete = 1;

    private readonly byte[] _bytes;

    private DomainHandle(byte[] bytes) => _bytes = bytes;

    /// <summary>The bytes, as the core keeps them.</summary>
    internal ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Tells the successive domains of one number apart; never 0.</summary>
    internal ulong Generation => BinaryPrimitives.ReadUInt64LittleEndian(_bytes);

    /// <summary>The domain was built to the end.</summary>
    internal bool IsComplete => (_bytes[StateAt] & Complete) != 0;

    /// <summary>A new domain's.</summary>
    internal static DomainHandle New()
    {
        byte[] bytes = Guid.NewGuid().ToByteArray();
        bytes[VersionAt] = (byte)(0x80 | (bytes[VersionAt] & 0x0F));
        bytes[VariantAt] = (byte)(0x80 | (bytes[VariantAt] & 0x3F));
        bytes[StateAt] = 0;
        return new(bytes);
    }

    /// <summary>What the core has.</summary>
    internal static DomainHandle Of(byte[] bytes) => new(bytes);

    /// <summary>The same domain's, once it is built.</summary>
    internal DomainHandle Completed()
    {
        byte[] bytes = [.. _bytes];
        bytes[StateAt] |= Complete;
        return new(bytes);
    }
}
