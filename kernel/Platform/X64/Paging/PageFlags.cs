using System;

namespace Microkernel.Platform.Paging;

/// <summary>Bits of an entry of the host's page tables (AMD APM vol. 2, 5.4.1; Intel SDM vol. 3, 4.5).</summary>
[Flags]
internal enum PageFlags : ulong
{
    /// <summary>Nothing there.</summary>
    None = 0,

    /// <summary>There is a page or table.</summary>
    Present = 1,

    /// <summary>It can be written.</summary>
    Writable = 1 << 1,

    /// <summary>Not cached (with the reset value of the PAT: strong uncacheable).</summary>
    Uncached = 1 << 3 | 1 << 4,

    /// <summary>No code runs from it.</summary>
    NoExecute = 1UL << 63,

    /// <summary>Code.</summary>
    Code = Present,

    /// <summary>Constants.</summary>
    ReadOnly = Present | NoExecute,

    /// <summary>Data.</summary>
    Data = Present | Writable | NoExecute,

    /// <summary>Registers of a device.</summary>
    Device = Data | Uncached,

    /// <summary>A page table; the entries in it say more.</summary>
    Table = Present | Writable,
}
