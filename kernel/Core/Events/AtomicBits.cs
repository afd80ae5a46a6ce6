using System.Threading;

namespace Microkernel.Core.Events;

/// <summary>Single bits of words that a guest changes at the same time.</summary>
internal static class AtomicBits
{
    /// <summary>Sets a bit; true if it was set already.</summary>
    public static bool TestAndSet(ref uint word, int bit) => (Interlocked.Or(ref word, 1u << bit) & (1u << bit)) != 0;

    /// <summary>Clears a bit; true if it was set.</summary>
    public static bool TestAndClear(ref uint word, int bit) => (Interlocked.And(ref word, ~(1u << bit)) & (1u << bit)) != 0;

    /// <summary>The bit's value now.</summary>
    public static bool Test(ref uint word, int bit) => (Volatile.Read(ref word) & (1u << bit)) != 0;
}
