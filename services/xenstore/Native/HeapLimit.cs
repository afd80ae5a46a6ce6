using System;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Microkernel.XenStore.Native;

/// <summary>
/// The heap's limit. The program begins with that of all services, which is for a small domain (Service.props); a large store needs a large
/// domain, and a heap as large as that allows.
/// </summary>
internal static class HeapLimit
{
    private const string Setting = "GCHeapHardLimit";
    private const long Kilobyte = 1024;

    /// <summary>The heap's limits are whole numbers of these, as are the runtime's regions.</summary>
    private const long Unit = 32 << 20;

    /// <summary>No more than half of the addresses that the project file reserves.</summary>
    private const long Largest = 8L << 30;

    /// <summary>Raises it to three quarters of the memory that there is, if that is more.</summary>
    internal static void Raise()
    {
        long limit = Math.Min(MemoryOfMachine() / 4 * 3 / Unit * Unit, Largest);
        if (limit <= GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)
            return;
        AppContext.SetData(Setting, (ulong)limit);
        GC.RefreshMemoryLimit();
    }

    private static long MemoryOfMachine()
    {
        string line = File.ReadLines("/proc/meminfo").First(static l => l.StartsWith("MemTotal:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * Kilobyte;
    }
}
