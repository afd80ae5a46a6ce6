using System;
using System.Runtime;
using System.Runtime.CompilerServices;
using Microkernel.Platform.X64;

namespace Microkernel.Platform.Diagnostics;

/// <summary>
/// Names of the image's code and of its exception types, which the build puts into the image (Symbols.awk). Entries are
/// ordered by address; the names behind them end with a zero each.
/// </summary>
internal static unsafe class SymbolTable
{
    private const ulong PlaceSize = 16;

    private struct Header
    {
        public uint Count;
        public uint NamesLength;
    }

    private struct Entry
    {
        /// <summary>16 bytes from the start of the text; compiled methods start at multiples of that.</summary>
        public ushort Place;
        public ushort Type;
        public ushort Name;
    }

    /// <summary>The last symbol at or before an address.</summary>
    internal static Symbol Find(ulong address)
    {
        Header* header = Table();
        // Sound: the table is part of the image and was made together with its header.
        Entry* entries = (Entry*)(header + 1);
        ulong offset = address - ImageLayout.Current.Text;
        ulong place = offset / PlaceSize;
        uint low = 0;
        uint high = header->Count;
        while (low < high)
        {
            uint middle = (low + high) / 2;
            if (entries[middle].Place <= place)
                low = middle + 1;
            else
                high = middle;
        }

        if (low == 0)
            return default;

        Entry entry = entries[low - 1];
        ReadOnlySpan<byte> names = new(entries + header->Count, (int)header->NamesLength);
        return new Symbol
        {
            Type = Name(names, entry.Type),
            Name = Name(names, entry.Name),
            Offset = offset - entry.Place * PlaceSize,
        };
    }

    /// <summary>The name of an exception's type.</summary>
    // Sound: an object starts with the address of its type's description, which has a symbol.
    internal static ReadOnlySpan<byte> TypeName(Exception exception) =>
        Find(*(ulong*)Unsafe.As<Exception, nint>(ref exception)).Name;

    private static ReadOnlySpan<byte> Name(ReadOnlySpan<byte> names, int start)
    {
        ReadOnlySpan<byte> rest = names.Slice(start);
        return rest.Slice(0, rest.IndexOf((byte)0));
    }

    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "symbol_table")]
    private static extern Header* Table();
}
