namespace Microkernel.Platform.Svm;

/// <summary>
/// An event for the guest in the format of the control block's EVENTINJ and EXITINTINFO (AMD APM vol. 2, 15.20):
/// <code>
/// 63        32 31 30       12 11 10   8 7      0
/// error code   V  reserved    EV type   vector
/// </code>
/// </summary>
internal static class SvmEvent
{
    private const ulong Valid = 1UL << 31;
    private const ulong HasErrorCode = 1UL << 11;
    private const int TypeShift = 8;
    private const ulong TypeMask = 7UL << TypeShift;
    private const ulong TypeNmi = 2UL << TypeShift;
    private const ulong TypeException = 3UL << TypeShift;
    private const ulong TypeSoftware = 4UL << TypeShift;
    private const byte NmiVector = 2;
    private const byte BreakpointVector = 3;
    private const byte OverflowVector = 4;
    private const byte DoubleFaultVector = 8;
    private const byte PageFaultVector = 14;

    // #DE, #TS, #NP, #SS, #GP: a second one of these or a #PF while one is delivered makes a double fault.
    private const uint Contributory = 1u << 0 | 1u << 10 | 1u << 11 | 1u << 12 | 1u << 13;

    /// <summary>A non-maskable interrupt.</summary>
    internal const ulong Nmi = Valid | TypeNmi | NmiVector;

    /// <summary>An external interrupt.</summary>
    internal static ulong Interrupt(byte vector) => Valid | vector;

    /// <summary>An exception without error code.</summary>
    internal static ulong Exception(byte vector) => Valid | TypeException | vector;

    /// <summary>An exception with error code.</summary>
    internal static ulong Exception(byte vector, uint errorCode) =>
        (ulong)errorCode << 32 | Valid | HasErrorCode | TypeException | vector;

    /// <summary>There is an event.</summary>
    internal static bool IsValid(ulong value) => (value & Valid) != 0;

    /// <summary>
    /// What to inject after an exit interrupted the delivery of <paramref name="interrupted"/>. INT n, INT3 and INTO are
    /// dropped: RIP still points at the instruction, which executes again and needs no next-RIP from the CPU.
    /// </summary>
    internal static ulong Redeliver(ulong interrupted) => IsValid(interrupted) && !IsSoftware(interrupted) ? interrupted : 0;

    /// <summary>What the guest gets when <paramref name="raised"/> comes up while <paramref name="pending"/> waits for delivery.</summary>
    internal static ulong Combine(ulong pending, ulong raised)
    {
        bool isDouble = IsException(pending) && IsException(raised)
            && (IsContributory(pending) || (byte)pending == PageFaultVector)
            && (IsContributory(raised) || ((byte)raised == PageFaultVector && (byte)pending == PageFaultVector));
        return isDouble ? Exception(DoubleFaultVector, 0) : raised;
    }

    private static bool IsSoftware(ulong value)
    {
        ulong type = value & TypeMask;
        return type == TypeSoftware || (type == TypeException && (byte)value is BreakpointVector or OverflowVector);
    }

    private static bool IsException(ulong value) => (value & (Valid | TypeMask)) == (Valid | TypeException);

    private static bool IsContributory(ulong value) => (byte)value < 32 && (Contributory >> (byte)value & 1) != 0;
}
