using System.Runtime.CompilerServices;

namespace Microkernel.Core.Hardware;

/// <summary>
/// A number by which a guest chooses a case of a switch. The compiler makes such a switch a table of addresses behind a comparison; the mask
/// keeps the CPU near that table when it predicts the comparison wrongly, so that a guest cannot name any word in memory as the address.
/// </summary>
public static class GuestChoice
{
    /// <summary>What no switch has a case for.</summary>
    public const uint None = 127;

    /// <summary>The number, or <see cref="None"/> for a larger one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Bound(ulong number) => number > None ? None : (uint)number & None;
}
