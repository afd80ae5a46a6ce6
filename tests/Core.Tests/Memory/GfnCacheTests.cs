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
        Assert.That(memory.MapForeign(5000, other.Mfn, false), Is.Zero);
        ulong foreign = Find(cache, memory.Physmap, 5000);
        Assert.That(GfnCache.Mfn(foreign), Is.EqualTo(other.Mfn));
        Assert.That((GfnCache.IsWritable(foreign), GfnCache.IsForeign(foreign)), Is.EqualTo((false, true)));
        memory.UnmapForeign(5000, other.Mfn, false);
        Assert.That(Find(cache, memory.Physmap, 5000), Is.Zero, "a foreign page");
        memory.RemovePages([7]);
        Assert.That(Find(cache, memory.Physmap, 7), Is.Zero, "its own page");
        memory.MovePage(8, 9);
        Assert.That(Find(cache, memory.Physmap, 8), Is.Zero);
    }

    private static ulong Find(GfnCache cache, Physmap physmap, ulong gfn)
    {
        cache.Refresh(physmap);
        return cache.Find(physmap, gfn);
    }
}
