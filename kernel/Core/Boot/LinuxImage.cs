using System;
using System.Runtime.InteropServices;
using Microkernel.Core.Memory;

namespace Microkernel.Core.Boot;

/// <summary>
/// Plans the loading of a Linux bzImage and writes its boot parameters (Documentation/arch/x86/boot.rst of Linux, protocol 2.12 and
/// later). The image is entered at its 32-bit entry point and unpacks itself inside the domain; nothing of it is unpacked here.
/// </summary>
public static class LinuxImage
{
    /// <summary>Bytes of struct boot_params.</summary>
    public const int ParametersSize = 4096;

    private const int SetupHeader = 0x1F1;
    private const int HeaderBytes = 0x280;
    private const uint HeaderMagic = 0x53726448;
    private const ushort OldestProtocol = 0x020C;
    private const int SectorSize = 512;
    private const byte UnknownLoader = 0xFF;

    /// <summary>The module carries the "HdrS" mark of a bzImage.</summary>
    public static bool IsLinuxImage(in ModuleReader module)
    {
        uint magic = 0;
        return module.TryRead(0x202, MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref magic, 1))) && magic == HeaderMagic;
    }

    /// <summary>Plans the image; the memory from 0 to <paramref name="memory"/> is the guest's.</summary>
    /// <returns>Null, or what is wrong with the image.</returns>
    public static string? Plan(in ModuleReader module, int index, ulong memory, GuestPlan plan)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        if (!module.TryRead(0, header))
            return "the Linux image is cut off";

        if (MemoryMarshal.Read<ushort>(header.Slice(0x206)) < OldestProtocol)
            return "the Linux image is too old (boot protocol before 2.12)";

        int setupSectors = header[SetupHeader] == 0 ? 4 : header[SetupHeader];
        ulong start = (ulong)(setupSectors + 1) * SectorSize;
        ulong address = MemoryMarshal.Read<ulong>(header.Slice(0x258));
        ulong needed = MemoryMarshal.Read<uint>(header.Slice(0x260));
        if (start >= module.Length)
            return "the Linux image is cut off";

        ulong length = module.Length - start;
        ulong used = Math.Max(length, needed);
        if (address == 0 || address > memory || used > memory - address)
            return "the Linux kernel does not fit into the domain's memory: give it more memory";

        plan.IsLinuxImage = true;
        plan.Entry = address;
        plan.KernelEnd = address + used;
        return plan.TryAdd(index, start, length, address) ? null : "the Linux image has too many parts";
    }

    /// <summary>
    /// Fills <paramref name="parameters"/> (zeroed, <see cref="ParametersSize"/> bytes): the image's setup header and what the boot loader
    /// adds to it.
    /// </summary>
    public static bool TryFillParameters(in ModuleReader module, in LinuxParameters values, Span<byte> parameters)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        if (!module.TryRead(0, header))
            return false;

        int end = Math.Min(0x202 + header[0x201], HeaderBytes);
        header.Slice(SetupHeader, end - SetupHeader).CopyTo(parameters.Slice(SetupHeader));
        parameters[0x210] = UnknownLoader;
        Put(parameters, 0x070, values.AcpiRoot);
        Put(parameters, 0x214, (uint)values.Entry);
        Put(parameters, 0x218, (uint)values.RamdiskStart);
        Put(parameters, 0x21C, (uint)values.RamdiskLength);
        Put(parameters, 0x228, (uint)values.CommandLine);
        return true;
    }

    /// <summary>Adds the memory map to boot parameters.</summary>
    public static void AddMemoryMap(Span<byte> parameters, GuestMemoryMap map)
    {
        parameters[0x1E8] = (byte)map.Count;
        for (int i = 0; i < map.Count; i++)
            map.WriteE820(i, parameters.Slice(0x2D0 + (i * GuestMemoryMap.E820EntrySize), GuestMemoryMap.E820EntrySize));
    }

    private static void Put<T>(Span<byte> parameters, int offset, T value)
        where T : unmanaged => MemoryMarshal.Write(parameters.Slice(offset), in value);
}
