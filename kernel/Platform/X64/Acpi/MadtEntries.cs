using System;

namespace Microkernel.Platform.Acpi;

/// <summary>Walks the entries of a MADT; each starts with its type and length.</summary>
public ref struct MadtEntries
{
    private const int FirstEntry = 44;
    private ReadOnlySpan<byte> _rest;

    /// <summary>Starts before the first entry of a table.</summary>
    public MadtEntries(ReadOnlySpan<byte> table)
    {
        _rest = table.Length > FirstEntry ? table.Slice(FirstEntry) : default;
        Entry = default;
        IsBroken = table.Length < FirstEntry;
    }

    /// <summary>The entry reached, as long as its length says (at least what its type needs, see <see cref="Type"/>).</summary>
    public ReadOnlySpan<byte> Entry { get; private set; }

    /// <summary>The walk ended early because an entry's length makes no sense.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>What the entry reached describes; entries too short for their type are <see cref="MadtEntryType.Other"/>.</summary>
    public readonly MadtEntryType Type
    {
        get
        {
            var type = (MadtEntryType)Entry[0];
            return Entry.Length >= NeededLength(type) ? type : MadtEntryType.Other;
        }
    }

    /// <summary>Goes to the next entry.</summary>
    public bool MoveNext()
    {
        if (_rest.Length == 0)
            return false;

        if (_rest.Length < 2 || _rest[1] < 2 || _rest[1] > _rest.Length)
        {
            IsBroken = true;
            return false;
        }

        Entry = _rest.Slice(0, _rest[1]);
        _rest = _rest.Slice(_rest[1]);
        return true;
    }

    private static int NeededLength(MadtEntryType type) => type switch
    {
        MadtEntryType.LocalApic => 8,
        MadtEntryType.IoApic => 12,
        MadtEntryType.InterruptOverride => 10,
        MadtEntryType.LocalApicAddress => 12,
        MadtEntryType.LocalX2Apic => 16,
        _ => 2,
    };
}
