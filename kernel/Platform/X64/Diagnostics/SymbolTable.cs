using System;
using System.Runtime;
using System.Runtime.CompilerServices;
using Microkernel.Platform.X64;

namespace Microkernel.Platform.Diagnostics;

/// <summary>
/// Names of the image's code and of its exception types, which the build puts into the image in a packed form (Symbols.awk):
/// a header, 256 pairs of bytes that bytes of the text stand for, the places of the symbols in ascending order, the text.
/// </summary>
internal static unsafe class SymbolTable
{
    /// <summary>What is longer than this is cut off.</summary>
    internal const int LongestName = 128;

    private const ulong PlaceSize = 4;
    private const byte MoreFollows = 255;

    private struct Header
    {
        public int Count;
        public int CodeCount;
        public int PlacesLength;
        public fixed byte First[256];
        public fixed byte Second[256];
    }

    /// <summary>The last symbol at or before an address, as Type.Method.</summary>
    /// <param name="address">The address.</param>
    /// <param name="name">Memory of <see cref="LongestName"/> bytes for the result.</param>
    /// <param name="offset">How far behind the symbol the address is.</param>
    internal static ReadOnlySpan<byte> Find(ulong address, Span<byte> name, out ulong offset)
    {
        // Sound: the table is part of the image and was made together with its header.
        Header* header = Table();
        byte* places = (byte*)(header + 1);
        byte* text = places + header->PlacesLength;
        ulong place = ImageLayout.Current.Text;
        int found = 0;
        offset = address - place;
        for (int i = 0; i < header->Count; i++)
        {
            if (i == header->CodeCount)
                place = ImageLayout.Current.ZeroedData;
            do
                place += *places * PlaceSize;
            while (*places++ == MoreFollows);
            if (place > address)
                break;
            found = i;
            offset = address - place;
        }

        return Read(header, text, found, name);
    }

    /// <summary>The name of an exception's type.</summary>
    // Sound: an object starts with the address of its type's description, which has a symbol.
    internal static ReadOnlySpan<byte> TypeName(Exception exception, Span<byte> name) =>
        Find(*(ulong*)Unsafe.As<Exception, nint>(ref exception), name, out _);

    private static ReadOnlySpan<byte> Read(Header* header, byte* text, int record, Span<byte> name)
    {
        // Bytes still to come, the next one last; each byte stands for bytes that were made before it.
        Span<byte> pending = stackalloc byte[256];
        int count = 0;
        int typeLength = 0;
        int length = 0;
        while (true)
        {
            byte next = count > 0 ? pending[--count] : *text++;
            for (; header->Second[next] != 0; next = header->First[next])
                pending[count++] = header->Second[next];
            if (next == '\n')
            {
                if (record-- == 0)
                    return name.Slice(0, length);
                length = typeLength;
                continue;
            }

            if (next == ':')
                length = typeLength = 0;
            else if (length < name.Length)
                name[length++] = next;
            if (next == '.')
                typeLength = length;
        }
    }

    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "symbol_table")]
    private static extern Header* Table();
}
