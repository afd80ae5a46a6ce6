using Microkernel.Core.Hardware;
using Microkernel.Core.Memory;
using Microkernel.Core.Tests.Fakes;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Memory;

public sealed class GfnCacheTests
{
    [Test]
    public void NothingThatIsGoneIsRemembered()
    {
        TestHost host = new();
        DomainMemory memory = host.Domain(0).Memory;
        GfnCache cache = new();
        Assert.That(Find(cache, memory.Physmap, 7), Is.Not.Zero);
        host.Domain(1).Physmap.TryLookup(3, out PhysmapEntry other);
        host.Kernel.Memory.Frames.TryReference(other.Mfn, host.Domain(1).Id);
        Assert.That(memory.MapForeign(5000, other.Mfn, NestedAccess.Read), Is.Zero);
        ulong foreign = Find(cache, memory.Physmap, 5000);
        Assert.That(GfnCache.Mfn(foreign), Is.EqualTo(other.Mfn));
        Assert.That((GfnCache.IsWritable(foreign), GfnCache.IsForeign(foreign)), Is.EqualTo((false, true)));
        memory.UnmapForeign(5000, other.Mfn);
        Assert.That(Find(cache, memory.Physmap, 5000), Is.Zero, "a foreign page");
        memory.RemovePages([7]);
        Assert.That(Find(cache, memory.Physmap, 7), Is.Zero, "its own page");
        memory.MovePage(8, 9);
        Assert.That(Find(cache, memory.Physmap, 8), Is.Zero);
    }

    [Test]
    public void PagesAreRecalledUntilTheNextEntry()
    {
        TestHost host = new();
        DomainMemory memory = host.Domain(0).Memory;
        RecentPages pages = new();
        pages.Recall(memory.Physmap, 0x5000, false);
        pages.Remember(0x5123, 77, false);
        pages.Remember(0x6123, 78, true);
        Assert.That(pages.Recall(memory.Physmap, 0x5FFF, false), Is.EqualTo(77));
        Assert.That(pages.Recall(memory.Physmap, 0x5FFF, true), Is.Zero, "read only");
        Assert.That(pages.Recall(memory.Physmap, 0x6000, true), Is.EqualTo(78));
        Assert.That(pages.Recall(memory.Physmap, 0x9000, false), Is.Zero, "another page in the same place");
        pages.Forget();
        Assert.That(pages.Recall(memory.Physmap, 0x6000, false), Is.Zero);
        pages.Remember(0x6123, 78, true);
        memory.RemovePages([7]);
        Assert.That(pages.Recall(memory.Physmap, 0x6000, false), Is.Zero, "the address space has changed");
    }

    private static ulong Find(GfnCache cache, Physmap physmap, ulong gfn)
    {
        cache.Refresh(physmap);
        return cache.Find(physmap, gfn);
    }
}
