using System.Runtime.CompilerServices;
using System.Threading;

namespace Microkernel.Core.Events;

/// <summary>Single bits of words that a guest changes at the same time.</summary>
internal static class AtomicBits
{
    /// <summary>
    /// Sets a bit unless it is set; true if it was not. For the word's only writer of ones: what is lost is the difference between a bit
    /// that the guest clears just before and just after. The caller has executed a locked instruction since the event's cause was written,
    /// so that a guest that clears the bit after this look sees the cause.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TrySet(ref uint word, uint bit)
    {
        if ((Volatile.Read(ref word) & bit) != 0)
            return false;

        Interlocked.Or(ref word, bit);
        return true;
    }

    /// <summary>Sets a bit; true if it was set already.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TestAndSet(ref uint word, int bit) => (Interlocked.Or(ref word, 1u << bit) & (1u << bit)) != 0;

    /// <summary>Clears a bit; true if it was set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TestAndClear(ref uint word, int bit) => (Interlocked.And(ref word, ~(1u << bit)) & (1u << bit)) != 0;

    /// <summary>The bit's value now.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Test(ref uint word, int bit) => (Volatile.Read(ref word) & (1u << bit)) != 0;
}
