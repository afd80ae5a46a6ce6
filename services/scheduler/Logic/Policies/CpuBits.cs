using System.Collections.Generic;
using System.Linq;

namespace Microkernel.Services.Scheduler;

/// <summary>Sets of CPUs as the core has them: a bit each, those past the 63rd share bits.</summary>
public static class CpuBits
{
    /// <summary>A CPU's bit.</summary>
    public static ulong Of(uint cpu) => 1UL << (int)(cpu % 64);

    /// <summary>The bits of some.</summary>
    public static ulong Of(IEnumerable<uint> cpus) => cpus.Aggregate(0UL, static (mask, cpu) => mask | Of(cpu));
}
