using System.Runtime;
using System.Runtime.CompilerServices;

namespace System.Threading;

/// <summary>What a busy wait needs; the core has no threads.</summary>
public static class Thread
{
    /// <summary>Tells the CPU that this is a busy wait: one PAUSE an iteration.</summary>
    public static void SpinWait(int iterations)
    {
        for (int i = 0; i < iterations; i++)
            Pause();
    }

    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "cpu_pause")]
    private static extern void Pause();
}
