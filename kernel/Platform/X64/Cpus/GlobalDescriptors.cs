using System.Runtime.InteropServices;

namespace Microkernel.Platform.Cpus;

/// <summary>A global descriptor table (AMD APM vol. 2, 4.7 and 4.8): one segment of each kind that 64-bit mode needs.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GlobalDescriptors
{
    /// <summary>Selector of the code segment.</summary>
    internal const ushort CodeSelector = 8;

    /// <summary>Selector of the task state.</summary>
    internal const ushort TaskSelector = 24;

    private const ulong FlatCode = 0x00AF_9B00_0000_FFFF;
    private const ulong FlatData = 0x00CF_9300_0000_FFFF;
    private const ulong AvailableTask = 0x0000_8900_0000_0000;

    private ulong _null;
    private ulong _code;
    private ulong _data;
    private ulong _taskLow;
    private ulong _taskHigh;

    /// <summary>Fills the table for a task state at an address.</summary>
    internal GlobalDescriptors(ulong task, int taskSize)
    {
        _code = FlatCode;
        _data = FlatData;
        _taskLow = AvailableTask | (uint)(taskSize - 1) | (task & 0xFF_FFFF) << 16 | (task >> 24 & 0xFF) << 56;
        _taskHigh = task >> 32;
    }
}
