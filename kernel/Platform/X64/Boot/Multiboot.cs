using System;
using Microkernel.Core.Boot;

namespace Microkernel.Platform.Boot;

/// <summary>
/// What a loader that speaks multiboot (version 1, specification 0.6.96, 3.3) handed over, copied out of its memory.
/// </summary>
internal sealed unsafe class Multiboot
{
    private const uint LoaderMagic = 0x2BADB002;
    private const uint HasCommandLine = 1 << 2;
    private const uint HasModules = 1 << 3;
    private const uint HasMemoryMap = 1 << 6;
    private const uint HasLoaderName = 1 << 9;
    private const uint UsableMemory = 1;
    private const uint AcpiTableMemory = 3;
    private const int LongestText = 4096;

    private struct Information
    {
        public uint Flags;
        public uint MemoryLower;
        public uint MemoryUpper;
        public uint BootDevice;
        public uint CommandLine;
        public uint ModuleCount;
        public uint Modules;
        public fixed uint Symbols[4];
        public uint MemoryMapLength;
        public uint MemoryMap;
        public uint DrivesLength;
        public uint Drives;
        public uint Configuration;
        public uint LoaderName;
    }

    private struct Module
    {
        public uint Start;
        public uint End;
        public uint Text;
        public uint Reserved;
    }

    private struct MapEntry
    {
        /// <summary>Bytes that follow this field.</summary>
        public uint Size;
        public uint BaseLow;
        public uint BaseHigh;
        public uint LengthLow;
        public uint LengthHigh;
        public uint Type;
    }

    /// <summary>Reads everything; the loader's memory, below 4 GiB, is still mapped one to one.</summary>
    public Multiboot(uint magic, uint address)
    {
        if (magic != LoaderMagic)
            Environment.FailFast("not started by a multiboot loader");

        // Sound: the loader says that its information is there, and the first 4 GiB are mapped during this.
        Information* information = (Information*)(ulong)address;
        if ((information->Flags & HasMemoryMap) == 0)
            Environment.FailFast("the loader gave no memory map");

        CommandLine = (information->Flags & HasCommandLine) != 0 ? ReadCommandLine(information) : [];
        Modules = (information->Flags & HasModules) != 0 ? ReadModules(information) : [];
        UsableRanges = ReadMemoryMap(information, UsableMemory);
        TableRanges = ReadMemoryMap(information, AcpiTableMemory);
    }

    /// <summary>The core's options.</summary>
    public byte[] CommandLine { get; }

    /// <summary>The modules in their order.</summary>
    public BootModule[] Modules { get; }

    /// <summary>The machine's memory, in the loader's order.</summary>
    public PhysicalRange[] UsableRanges { get; }

    /// <summary>The first word is the core's own file, except with GRUB 2, which leaves it out.</summary>
    private static byte[] ReadCommandLine(Information* information)
    {
        ReadOnlySpan<byte> line = Text(information->CommandLine);
        bool startsWithOptions = (information->Flags & HasLoaderName) != 0
            && Text(information->LoaderName).StartsWith("GRUB 2"u8);
        return startsWithOptions ? line.ToArray() : WithoutFirstWord(line);
    }

    /// <summary>Memory in which the firmware keeps its ACPI tables.</summary>
    public PhysicalRange[] TableRanges { get; }

    private static BootModule[] ReadModules(Information* information)
    {
        var modules = new BootModule[(int)information->ModuleCount];
        Module* module = (Module*)(ulong)information->Modules;
        for (int i = 0; i < modules.Length; i++, module++)
        {
            ReadOnlySpan<byte> text = Text(module->Text);
            ReadOnlySpan<byte> path = text.Slice(0, FirstWord(text));
            modules[i] = new BootModule
            {
                Name = path.Slice(path.LastIndexOf((byte)'/') + 1).ToArray(),
                Arguments = WithoutFirstWord(text),
                Address = module->Start,
                Length = module->End - module->Start,
            };
        }

        return modules;
    }

    private static PhysicalRange[] ReadMemoryMap(Information* information, uint type)
    {
        var ranges = new PhysicalRange[Count(information, type)];
        int count = 0;
        for (MapEntry* entry = First(information); entry < End(information); entry = Next(entry))
        {
            if (entry->Type == type)
            {
                ulong start = entry->BaseLow | (ulong)entry->BaseHigh << 32;
                ulong length = entry->LengthLow | (ulong)entry->LengthHigh << 32;
                ranges[count++] = PhysicalRange.WholeFramesInside(start, start + length);
            }
        }

        return ranges;
    }

    private static int Count(Information* information, uint type)
    {
        int count = 0;
        for (MapEntry* entry = First(information); entry < End(information); entry = Next(entry))
            count += entry->Type == type ? 1 : 0;

        return count;
    }

    private static MapEntry* First(Information* information) => (MapEntry*)(ulong)information->MemoryMap;

    private static MapEntry* End(Information* information) =>
        (MapEntry*)((ulong)information->MemoryMap + information->MemoryMapLength);

    private static MapEntry* Next(MapEntry* entry) => (MapEntry*)((byte*)entry + sizeof(uint) + entry->Size);

    private static ReadOnlySpan<byte> Text(uint address)
    {
        // Sound: see the constructor; a text without end is cut off.
        byte* text = (byte*)(ulong)address;
        int length = 0;
        while (address != 0 && length < LongestText && text[length] != 0)
            length++;

        return new(text, length);
    }

    private static int FirstWord(ReadOnlySpan<byte> text)
    {
        int space = text.IndexOf((byte)' ');
        return space < 0 ? text.Length : space;
    }

    private static byte[] WithoutFirstWord(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> rest = text.Slice(FirstWord(text));
        return rest.IsEmpty ? [] : rest.Slice(1).ToArray();
    }
}
