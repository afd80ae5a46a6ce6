using System;

namespace Internal.Runtime.CompilerHelpers;

/// <summary>Prepares what the compiler left for the start of the program.</summary>
public static unsafe class StartupCodeHelpers
{
    // Sound, for everything here: the signature was checked, and the sections are what the pinned compiler emits.
    private const uint Signature = 0x0052_5452; // "RTR\0"
    private const int GcStaticRegion = 201;
    private const int EagerConstructors = 205;
    private const int DehydratedData = 207;
    private const nint Uninitialized = 1;
    private const nint HasInitialData = 2;

    private struct ModuleHeader
    {
        public uint Signature;
        public ushort MajorVersion;
        public ushort MinorVersion;
        public uint Flags;
        public ushort SectionCount;
        public byte EntrySize;
        public byte EntryType;
    }

    private struct Section
    {
        public int Id;
        public int Flags;
        public int* Start;
        public int* End;
    }

    /// <summary>Makes the objects that hold static references and runs the eager static constructors.</summary>
    /// <param name="modules">The start of the linker section <c>__modules</c>.</param>
    /// <param name="end">Its end.</param>
    public static void InitializeModules(nint* modules, nint* end)
    {
        for (; modules < end; modules++)
        {
            ModuleHeader* header = (ModuleHeader*)*modules;
            if (header == null)
                continue;
            if (header->Signature != Signature)
                Environment.Panic("the image's module header is not what the pinned compiler emits", null);
            Section* sections = (Section*)(header + 1);
            // Everything else refers to what is unpacked here.
            for (int i = 0; i < header->SectionCount; i++)
            {
                if (sections[i].Id == DehydratedData)
                    Rehydrate((byte*)sections[i].Start, (byte*)sections[i].End);
            }

            for (int i = 0; i < header->SectionCount; i++)
                InitializeSection(&sections[i]);
        }
    }

    /// <summary>
    /// Unpacks data into zeroed memory: commands with a number each, then addresses that some of them name by their index. Addresses are
    /// relative to themselves everywhere.
    /// </summary>
    private static void Rehydrate(byte* next, byte* end)
    {
        const int Copy = 0, Zeroes = 1, RelativeOfTable = 2, PointerOfTable = 3, Relatives = 4, Pointers = 5;
        // Sound: the pinned compiler wrote the commands for memory that it reserved, and nothing else has run yet.
        int* table = (int*)end;
        byte* to = Target((int*)next);
        next += sizeof(int);
        while (next < end)
        {
            int command = *next & 7;
            int number = ReadNumber(ref next);
            switch (command)
            {
                case Copy:
                    SpanHelpers.Memmove(ref *to, ref *next, (nuint)number);
                    next += number;
                    to += number;
                    break;
                case Zeroes:
                    to += number;
                    break;
                case RelativeOfTable:
                    WriteRelative(ref to, table + number);
                    break;
                case PointerOfTable:
                    WritePointer(ref to, table + number);
                    break;
                case Relatives:
                    for (; number > 0; number--, next += sizeof(int))
                        WriteRelative(ref to, (int*)next);
                    break;
                case Pointers:
                    for (; number > 0; number--, next += sizeof(int))
                        WritePointer(ref to, (int*)next);
                    break;
            }
        }
    }

    // Beside the command, in five bits; or as many bytes follow as it is above the largest of these.
    private static int ReadNumber(ref byte* next)
    {
        const int Largest = 28;
        int number = *next++ >> 3;
        int more = number - Largest;
        if (more <= 0)
            return number;
        number = Largest;
        for (int shift = 0; more > 0; more--, shift += 8)
            number += *next++ << shift;
        return number;
    }

    private static byte* Target(int* relative) => (byte*)relative + *relative;

    private static void WriteRelative(ref byte* to, int* from)
    {
        *(int*)to = (int)(Target(from) - to);
        to += sizeof(int);
    }

    private static void WritePointer(ref byte* to, int* from)
    {
        *(byte**)to = Target(from);
        to += sizeof(byte*);
    }

    private static void InitializeSection(Section* section)
    {
        for (int* entry = section->Start; entry < section->End; entry++)
        {
            if (section->Id == GcStaticRegion)
                InitializeStatics((nint*)((byte*)entry + *entry));
            else if (section->Id == EagerConstructors)
                ((delegate* unmanaged<void>)((byte*)entry + *entry))();
            else
                return;
        }
    }

    private static void InitializeStatics(nint* block)
    {
        nint value = (nint)block + *(int*)block;
        if ((value & Uninitialized) == 0)
            return;
        MethodTable* type = (MethodTable*)(value & ~(nint)3);
        MethodTable** instance = Heap.Allocate(type, type->BaseSize);
        if ((value & HasInitialData) != 0)
        {
            int* initial = (int*)block + 1;
            SpanHelpers.Memmove(ref *(byte*)(instance + 1), ref *((byte*)initial + *initial), type->BaseSize - 16);
        }

        *block = (nint)instance;
    }
}
