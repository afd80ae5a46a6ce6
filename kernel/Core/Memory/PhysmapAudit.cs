using System;
using Microkernel.Core.Hardware;

namespace Microkernel.Core.Memory;

/// <summary>Walks a nested page table and compares each entry with the records of the frames.</summary>
internal readonly ref struct PhysmapAudit
{
    private readonly HostMemory _host;
    private readonly DomainMemory _domain;

    public PhysmapAudit(HostMemory host, DomainMemory domain)
    {
        _host = host;
        _domain = domain;
    }

    /// <summary>Checks the table below frame <paramref name="table"/>, whose entries map from <paramref name="gfn"/> on.</summary>
    /// <returns>What is wrong, or null.</returns>
    public string? Walk(ulong table, int level, ulong gfn, out ulong where)
    {
        where = table;
        if (_host.Frames.Type(table) != FrameType.DomainPool || _host.Frames.Owner(table) != _domain.Owner
            || !_host.Frames.TryMarkSeen(table))
        {
            return "a page table is not its domain's own, or is there twice";
        }

        using FrameView view = new(_host.Memory, table);
        ReadOnlySpan<ulong> entries = view.As<ulong>();
        for (int i = 0; i < entries.Length; i++)
        {
            ulong at = gfn + ((ulong)i << (level - 1) * FrameAllocator.Order2M);
            string? problem = CheckEntry(entries[i], level, at, out where);
            if (problem != null)
                return problem;
        }

        return null;
    }

    private string? CheckEntry(ulong entry, int level, ulong gfn, out ulong where)
    {
        where = 0;
        if (!_host.Format.IsPresent(entry))
            return null;

        ulong first = _host.Format.Mfn(entry);
        if (!_host.Format.IsLeaf(entry, level))
            return Walk(first, level - 1, gfn, out where);

        ulong count = 1UL << (level - 1) * FrameAllocator.Order2M;
        for (where = first; where < first + count; where++)
        {
            string? problem = CheckPage(where, Physmap.KindOf(entry), gfn);
            if (problem != null)
                return problem;
        }

        return null;
    }

    private string? CheckPage(ulong mfn, PageKind kind, ulong gfn)
    {
        FrameType type = _host.Frames.Type(mfn);
        switch (kind)
        {
            case PageKind.Foreign:
                _domain.Tally.MappedForeign++;
                return type == FrameType.GuestRam && _host.Frames.References(mfn) != 0 ? null
                    : "a foreign page is mapped without a reference";
            case PageKind.Shared:
                return type == FrameType.Shared && _host.Frames.Owner(mfn) == _domain.Owner
                    && _host.Frames.Link(mfn) == gfn + 1 && _host.Frames.TryMarkSeen(mfn) ? null
                    : "a shared frame is mapped where it does not belong";
            case PageKind.Lent:
                return type is FrameType.Lent or FrameType.Reserved ? null : "a page is lent that is somebody's";
            default:
                _domain.Tally.MappedRam++;
                return type == FrameType.GuestRam && _host.Frames.Owner(mfn) == _domain.Owner
                    && _host.Frames.IsHeld(mfn) && _host.Frames.TryMarkSeen(mfn) ? null
                    : "a domain maps memory that is not its own, or twice";
        }
    }
}
