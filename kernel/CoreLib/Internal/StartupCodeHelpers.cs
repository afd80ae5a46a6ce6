using System;

namespace Internal.Runtime.CompilerHelpers;

/// <summary>Prepares what the compiler left for the start of the program.</summary>
public static unsafe class StartupCodeHelpers
{
    // Sound, for everything here: the signature was checked, and the sections are what the pinned compiler emits.
    private const uint Signature = 0x0052_5452; // "RTR\0"
    private const int GcStaticRegion = 201;
    private const int EagerConstructors = 205;
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
            for (int i = 0; i < header->SectionCount; i++)
                InitializeSection(&sections[i]);
        }
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
