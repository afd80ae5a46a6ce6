using System;
using System.Globalization;
using Microkernel.Xen.Native;

namespace Microkernel.Xen;

/// <summary>A device's memory, by /dev/mem.</summary>
public static class DeviceMemory
{
    /// <summary>Maps a range of guest-physical addresses that are no RAM, such as those of <see cref="ServiceCalls.GetDevice"/>.</summary>
    /// <param name="address">The first byte, at the start of a page.</param>
    /// <param name="size">Whole pages.</param>
    /// <exception cref="XenException">The kernel does not allow it.</exception>
    public static MappedPages Map(ulong address, long size)
    {
        string range = string.Create(CultureInfo.InvariantCulture, $"{size:N0} bytes of device memory at 0x{address:x}");
        // Without O_SYNC: the memory behind such a device is the machine's, and may be cached.
        using Device memory = Device.Open("/dev/mem");
        return new MappedPages(memory.Map(checked((long)address), size, "map " + range));
    }
}
