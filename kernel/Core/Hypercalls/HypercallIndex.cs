using System.Runtime.CompilerServices;

namespace Microkernel.Core.Hypercalls;

/// <summary>
/// The <see cref="HypercallTable"/> by number, for dispatch. A class of its own without static initialisation: looking up checks
/// nothing but the number.
/// </summary>
public static class HypercallIndex
{
    /// <summary>One above the largest hypercall number that is looked up.</summary>
    public const int Limit = 64;

    private static Hypercall?[]? _byNumber;

    /// <summary>Makes the index. Only during start-up: it allocates.</summary>
    public static void Prepare()
    {
        Hypercall?[] byNumber = new Hypercall?[Limit];
        foreach (Hypercall hypercall in HypercallTable.All)
            byNumber[hypercall.Number] = hypercall;

        _byNumber = byNumber;
    }

    /// <summary>The operation for a hypercall number and first argument, or null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SubOperation? Find(ulong number, ulong firstArgument)
    {
        Hypercall?[] byNumber = _byNumber!;
        if (number >= (uint)byNumber.Length)
            return null;

        Hypercall? hypercall = byNumber[(int)(uint)number];
        return hypercall == null ? null : hypercall.Find(firstArgument);
    }
}
