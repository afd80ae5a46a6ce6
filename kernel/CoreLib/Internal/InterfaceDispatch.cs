using System;
using System.Runtime;
using System.Runtime.CompilerServices;

namespace Internal.Runtime;

/// <summary>
/// Finds the method behind an interface call. Nothing is cached: where every instruction counts, call an abstract class.
/// </summary>
internal static unsafe class InterfaceDispatch
{
    // Sound, for everything here: cells, types and maps are read-only data that the compiler made to fit each other.
    private const int RelativePointerFlags = 3;

    /// <summary>A call site's cell; a run of cells ends with one whose stub is null and whose second word is the slot.</summary>
    private struct Cell
    {
        public nint Stub;
        public nint RelativeInterface;
    }

    private struct MapHeader
    {
        public ushort StandardEntries;
        public ushort DefaultEntries;
        public ushort StaticStandardEntries;
        public ushort StaticDefaultEntries;
    }

    private struct MapEntry
    {
        public ushort Interface;
        public ushort InterfaceSlot;
        public ushort ImplementationSlot;
    }

    [RuntimeExport("ResolveInterfaceCall")]
    private static nint Resolve(object target, Cell* cell)
    {
        Cell* last = cell;
        while (last->Stub != 0)
            last++;
        byte* relative = (byte*)&cell->RelativeInterface;
        MethodTable* wanted = (MethodTable*)(relative + *(int*)relative - RelativePointerFlags);
        nint method = Find(target.m_pEEType, wanted, (ushort)last->RelativeInterface);
        if (method == 0)
            ThrowHelper.InvalidCast();
        return method;
    }

    private static nint Find(MethodTable* type, MethodTable* wanted, ushort slot)
    {
        nint method = Find(type, wanted, slot, defaults: false);
        return method != 0 ? method : Find(type, wanted, slot, defaults: true);
    }

    private static nint Find(MethodTable* type, MethodTable* wanted, ushort slot, bool defaults)
    {
        for (MethodTable* current = type; current != null; current = current->BaseType)
        {
            if (!current->HasDispatchMap)
                continue;
            MapHeader* map = (MapHeader*)current->DispatchMap;
            MapEntry* entry = (MapEntry*)(map + 1) + (defaults ? map->StandardEntries : 0);
            MapEntry* end = entry + (defaults ? map->DefaultEntries : map->StandardEntries);
            for (; entry < end; entry++)
                if (entry->InterfaceSlot == slot && current->Interface(entry->Interface) == wanted)
                    return entry->ImplementationSlot < current->VtableSlots
                        ? type->VirtualMethod(entry->ImplementationSlot)
                        : current->SealedMethod(entry->ImplementationSlot - current->VtableSlots);
        }

        return 0;
    }
}
