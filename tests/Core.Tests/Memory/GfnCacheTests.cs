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
        Assert.That(cache.TryTranslate(memory.Physmap, 7, out ulong own, out bool writable), Is.True);
        Assert.That(writable, Is.True);
        host.Domain(1).Physmap.TryLookup(3, out PhysmapEntry other);
        host.Kernel.Memory.Frames.TryReference(other.Mfn, host.Domain(1).Id);
        Assert.That(memory.MapForeign(5000, other.Mfn, NestedAccess.Read), Is.Zero);
        Assert.That(cache.TryTranslate(memory.Physmap, 5000, out ulong foreign, out writable), Is.True);
        Assert.That((foreign, writable), Is.EqualTo((other.Mfn, false)));
        memory.UnmapForeign(5000, other.Mfn);
        Assert.That(cache.TryTranslate(memory.Physmap, 5000, out _, out _), Is.False, "a foreign page");
        memory.RemovePages([7]);
        Assert.That(cache.TryTranslate(memory.Physmap, 7, out _, out _), Is.False, "its own page");
        memory.Populate(7, 0);
        memory.MovePage(8, 9);
        Assert.That(cache.TryTranslate(memory.Physmap, 8, out _, out _), Is.False);
        Assert.That(own, Is.Not.Zero);
    }
}
