using System;
using System.Collections.Generic;

namespace Microkernel.Services.Memory.Tests;

/// <summary>A domain of the model.</summary>
internal sealed class FakeDomain
{
    internal const int PageSize = 4096;

    private readonly Dictionary<ulong, byte[]> _content = [];

    internal required uint Id { get; init; }

    internal required int VcpusWanted { get; init; }

    internal required byte[] Handle { get; set; }

    internal int Vcpus { get; set; }

    internal ulong Maximum { get; set; }

    internal ulong Pool { get; set; }

    /// <summary>Free pages that are promised to it.</summary>
    internal ulong Claimed { get; set; }

    /// <summary>The order of the extent that each page was given with.</summary>
    internal Dictionary<ulong, int> Pages { get; } = [];

    internal bool HasMap { get; set; }

    internal bool HasCoreConsole { get; set; }

    internal byte[]? Entry { get; set; }

    internal Dictionary<int, (uint BackEnd, ulong Page)> Grants { get; } = [];

    internal Dictionary<uint, uint> Ports { get; } = [];

    internal Dictionary<uint, ulong> Parameters { get; } = [];

    /// <summary>It has run: nobody may write it any more.</summary>
    internal bool IsSealed { get; set; }

    internal uint? EndReason { get; set; }

    /// <summary>Pages with something in them; all others are zero.</summary>
    internal IReadOnlyDictionary<ulong, byte[]> Content => _content;

    internal void Write(ulong address, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            ulong page = address / PageSize;
            int within = (int)(address % PageSize);
            int count = Math.Min(bytes.Length, PageSize - within);
            if (!Pages.ContainsKey(page))
                throw new ModelException($"page 0x{page:x} of domain {Id} is written, which it does not have");
            if (!_content.TryGetValue(page, out byte[]? content))
                _content[page] = content = new byte[PageSize];
            bytes[..count].CopyTo(content.AsSpan(within));
            bytes = bytes[count..];
            address += (ulong)count;
        }
    }

    internal byte[] Read(ulong address, int length)
    {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++)
        {
            ulong at = address + (ulong)i;
            bytes[i] = _content.TryGetValue(at / PageSize, out byte[]? page) ? page[at % PageSize] : (byte)0;
        }

        return bytes;
    }
}
