using System.Threading;
using Microkernel.Platform.Paging;

namespace Microkernel.Platform.X64;

/// <summary>The registers of a device in memory: every access happens, in order, with the width it is written with.</summary>
internal readonly unsafe struct DeviceMemory
{
    private readonly byte* _start;

    private DeviceMemory(byte* start) => _start = start;

    /// <summary>Makes a page of registers from a physical address on visible, uncached. Start-up only.</summary>
    public static DeviceMemory Map(ulong physical) => new(HostSpace.MapDevice(physical, HostSpace.PageSize));

    /// <summary>Reads a 32-bit register.</summary>
    // Sound: the page was mapped for this device and offsets are constants inside it.
    public uint Read32(int offset) => Volatile.Read(ref *(uint*)(_start + offset));

    /// <summary>Writes a 32-bit register.</summary>
    // Sound: as above.
    public void Write32(int offset, uint value) => Volatile.Write(ref *(uint*)(_start + offset), value);
}
