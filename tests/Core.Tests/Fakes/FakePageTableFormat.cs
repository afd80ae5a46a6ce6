using Microkernel.Core.Hardware;

namespace Microkernel.Core.Tests.Fakes;

/// <summary>AMD's nested format: the long-mode one, where every guest access counts as a user access.</summary>
public sealed class FakePageTableFormat(int largestLeafLevel = 3) : PageTableFormat
{
    private const ulong Present = 1;
    private const ulong Writable = 2;
    private const ulong User = 4;
    private const ulong Large = 0x80;
    private const ulong NoExecute = 1UL << 63;
    private const ulong FrameMask = 0x000F_FFFF_FFFF_F000;

    public override int Levels => 4;

    public override int LargestLeafLevel => largestLeafLevel;

    public override ulong Leaf(ulong mfn, int level, NestedAccess access) =>
        mfn << 12 | Present | User
        | ((access & NestedAccess.Write) != 0 ? Writable : 0)
        | ((access & NestedAccess.Execute) != 0 ? 0 : NoExecute)
        | (level > 1 ? Large : 0);

    public override ulong Table(ulong mfn) => mfn << 12 | Present | Writable | User;

    public override bool IsPresent(ulong entry) => (entry & Present) != 0;

    public override bool IsLeaf(ulong entry, int level) => level == 1 || (entry & Large) != 0;

    public override ulong Mfn(ulong entry) => (entry & FrameMask) >> 12;

    public override NestedAccess Access(ulong entry) =>
        NestedAccess.Read
        | ((entry & Writable) != 0 ? NestedAccess.Write : 0)
        | ((entry & NoExecute) != 0 ? 0 : NestedAccess.Execute);
}
