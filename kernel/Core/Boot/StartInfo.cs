using System;
using System.Runtime.InteropServices;
using Microkernel.Core.Memory;

namespace Microkernel.Core.Boot;

/// <summary>
/// Writes what a PVH guest finds at EBX: hvm_start_info version 1 with its module list and memory map
/// (xen/arch-x86/hvm/start_info.h).
/// </summary>
public static class StartInfo
{
    /// <summary>Bytes from the start of the structure to the end of the memory map.</summary>
    public const int Size = MapAt + (GuestMemoryMap.Capacity * MapEntrySize);

    private const uint Magic = 0x336E_C578;
    private const int ModuleAt = 64;
    private const int MapAt = 96;
    private const int MapEntrySize = 24;

    /// <summary>
    /// Writes into <paramref name="page"/>, which the guest sees at <paramref name="address"/>. A zero
    /// <see cref="LinuxParameters.RamdiskLength"/> means no module.
    /// </summary>
    public static void Write(Span<byte> page, ulong address, in LinuxParameters values, GuestMemoryMap map)
    {
        bool hasModule = values.RamdiskLength != 0;
        Put(page, 0, Magic);
        Put(page, 4, 1u);
        Put(page, 12, hasModule ? 1u : 0u);
        Put(page, 16, hasModule ? address + ModuleAt : 0);
        Put(page, 24, values.CommandLine);
        Put(page, 32, values.AcpiRoot);
        Put(page, 40, address + MapAt);
        Put(page, 48, (uint)map.Count);
        Put(page, ModuleAt, values.RamdiskStart);
        Put(page, ModuleAt + 8, values.RamdiskLength);
        for (int i = 0; i < map.Count; i++)
        {
            int at = MapAt + (i * MapEntrySize);
            Put(page, at, map.Start(i));
            Put(page, at + 8, map.Size(i));
            Put(page, at + 16, map.Type(i));
        }
    }

    private static void Put<T>(Span<byte> page, int offset, T value)
        where T : unmanaged => MemoryMarshal.Write(page.Slice(offset), in value);
}
