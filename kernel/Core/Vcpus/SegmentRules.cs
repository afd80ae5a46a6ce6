using Microkernel.Core.Hardware;

namespace Microkernel.Core.Vcpus;

/// <summary>
/// What the attributes of a segment must be for a vCPU to start with it. Bits 0 to 7 are those of a descriptor's bits 40 to 47, bits 8 to
/// 11 those of bits 52 to 55 (AMD APM vol. 2, 4.7 and 4.8); the rest is zero.
/// </summary>
public static class SegmentRules
{
    public const ushort Accessed = 0x001;
    public const ushort Writable = 0x002;
    public const ushort Present = 0x080;

    /// <summary>A 64-bit code segment.</summary>
    public const ushort Code64 = 0xA9B;

    /// <summary>A flat data segment.</summary>
    public const ushort Data = 0xC93;

    /// <summary>A busy task state segment.</summary>
    public const ushort BusyTss = 0x08B;

    /// <summary>The least limit of a task state segment.</summary>
    public const uint TssLimit = 0x67;

    private const ushort Code = 0x008;
    private const ushort NotSystem = 0x010;
    private const ushort TypeMask = 0x00F;
    private const ushort Granular = 0x800;
    private const ushort Unused = 0xF000;

    /// <summary>Descriptor privilege level.</summary>
    public static int Level(ushort attributes) => (attributes >> 5) & 3;

    /// <summary>Present code.</summary>
    public static bool IsCode(ushort attributes) => IsPresentUser(attributes) && (attributes & Code) != 0;

    /// <summary>Present and writable data.</summary>
    public static bool IsStack(ushort attributes) =>
        IsPresentUser(attributes) && (attributes & (Code | Writable)) == Writable;

    /// <summary>Nothing, or present and readable for code of the level.</summary>
    public static bool IsDataOrNull(ushort attributes, int level) =>
        attributes == 0
        || (IsPresentUser(attributes) && (attributes & (Code | Writable)) != Code && Level(attributes) <= level);

    /// <summary>Present and a busy 32- or 64-bit task state segment.</summary>
    public static bool IsBusyTss(ushort attributes) =>
        (attributes & (Unused | NotSystem | Present)) == Present && (attributes & TypeMask) == (BusyTss & TypeMask);

    /// <summary>The limit in bytes.</summary>
    public static uint ScaledLimit(in Segment segment) =>
        (segment.Attributes & Granular) != 0 ? (segment.Limit << 12) | 0xFFF : segment.Limit;

    private static bool IsPresentUser(ushort attributes) =>
        (attributes & (Unused | NotSystem | Present)) == (NotSystem | Present);
}
