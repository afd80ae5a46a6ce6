using System.Collections.Generic;
using System.Linq;
using FsCheck;
using FsCheck.Fluent;
using Microkernel.Core.Abi;
using Microkernel.Core.Hardware;
using Microkernel.Core.Memory;
using Microkernel.Core.Tests.Fakes;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Memory;

public sealed class PhysmapTests
{
    private static (HostMemory Host, DomainMemory Domain) Create(int poolFrames = 64, int largestLeafLevel = 3)
    {
        FakeMachine machine = new(frameCount: 2048, largestLeafLevel: largestLeafLevel);
        HostMemory host = new(machine, 2048);
        host.Allocator.AddFree(16, 2032);
        DomainMemory domain = new(host);
        Assert.That(domain.TryReset(1, 1024, poolFrames), Is.True);
        return (host, domain);
    }

    [Test]
    public void EverySizeMapsAndTranslates([Values(0, 9, 18)] int order)
    {
        (_, DomainMemory domain) = Create();
        ulong gfn = 5UL << order;
        ulong mfn = 3UL << order;
        Assert.That(domain.Physmap.Map(gfn, mfn, order, NestedAccess.Read, PageKind.Foreign), Is.Zero);
        ulong last = (1UL << order) - 1;
        Assert.That(domain.Physmap.TryLookup(gfn + last, out PhysmapEntry entry), Is.True);
        Assert.That(entry.Mfn, Is.EqualTo(mfn + last));
        Assert.That((entry.Order, entry.Access, entry.Kind), Is.EqualTo((order, NestedAccess.Read, PageKind.Foreign)));
        Assert.That(domain.Physmap.TryLookup(gfn + last + 1, out entry), Is.False);
        Assert.That(domain.Physmap.TryLookup(gfn - 1, out entry), Is.False);
        Assert.That(domain.Physmap.MaxGfn, Is.EqualTo(gfn + last));
    }

    [Test]
    public void BadArgumentsAreRefused()
    {
        (_, DomainMemory domain) = Create(largestLeafLevel: 2);
        Physmap map = domain.Physmap;
        Assert.That(map.Map(1, 512, 9, NestedAccess.All, PageKind.Ram), Is.EqualTo(XenError.EINVAL), "gfn unaligned");
        Assert.That(map.Map(512, 1, 9, NestedAccess.All, PageKind.Ram), Is.EqualTo(XenError.EINVAL), "mfn unaligned");
        Assert.That(map.Map(0, 0, 18, NestedAccess.All, PageKind.Ram), Is.EqualTo(XenError.EINVAL), "no 1 GiB pages");
        Assert.That(map.Map(map.GfnLimit, 0, 0, NestedAccess.All, PageKind.Ram), Is.EqualTo(XenError.EINVAL));
        Assert.That(map.Map(ulong.MaxValue, 0, 0, NestedAccess.All, PageKind.Ram), Is.EqualTo(XenError.EINVAL));
        Assert.That(map.Unmap(map.GfnLimit, 0, out _), Is.EqualTo(XenError.EINVAL));
        Assert.That(map.TryLookup(map.GfnLimit, out PhysmapEntry _), Is.False);
        Assert.That(map.TryLookup(ulong.MaxValue, out PhysmapEntry _), Is.False);
    }

    [Test]
    public void RemovingPartOfALargePageSplitsIt()
    {
        (_, DomainMemory domain) = Create();
        domain.Physmap.Map(0, 1 << 18, 18, NestedAccess.All, PageKind.Ram);
        ulong generation = domain.Physmap.Generation;
        Assert.That(domain.Physmap.Unmap(1000, 0, out PhysmapEntry removed), Is.Zero);
        Assert.That(removed.Mfn, Is.EqualTo((1UL << 18) + 1000));
        Assert.That(domain.Physmap.Generation, Is.GreaterThan(generation));
        Assert.That(domain.Physmap.TryLookup(1000, out PhysmapEntry entry), Is.False);
        Assert.That(domain.Physmap.TryLookup(1001, out entry), Is.True);
        Assert.That((entry.Mfn, entry.Order), Is.EqualTo(((1UL << 18) + 1001, 0)));
        Assert.That(domain.Physmap.TryLookup(5000, out entry), Is.True);
        Assert.That((entry.Mfn, entry.Order), Is.EqualTo(((1UL << 18) + 5000, 9)));
    }

    [Test]
    public void LargePageReplacesAnEmptyTableAndReturnsIt()
    {
        (_, DomainMemory domain) = Create();
        domain.Physmap.Map(3, 77, 0, NestedAccess.All, PageKind.Ram);
        int free = domain.Pool.FreeCount;
        Assert.That(domain.Physmap.Map(0, 512, 9, NestedAccess.All, PageKind.Ram), Is.EqualTo(XenError.EEXIST));
        domain.Physmap.Unmap(3, 0, out _);
        Assert.That(domain.Physmap.Map(0, 512, 9, NestedAccess.All, PageKind.Ram), Is.Zero);
        Assert.That(domain.Pool.FreeCount, Is.EqualTo(free + 1));
        Assert.That(domain.Physmap.TryLookup(3, out PhysmapEntry entry), Is.True);
        Assert.That(entry.Mfn, Is.EqualTo(515), "the table that is gone is not remembered");
    }

    [Test]
    public void EmptyPoolIsAnErrorAndHarmsNothing()
    {
        (_, DomainMemory domain) = Create(poolFrames: 3);
        domain.Physmap.Map(0, 512, 9, NestedAccess.All, PageKind.Ram);
        Assert.That(domain.Pool.FreeCount, Is.Zero);
        Assert.That(domain.Physmap.Unmap(3, 0, out _), Is.EqualTo(XenError.ENOMEM));
        Assert.That(domain.Physmap.Map(512, 1, 0, NestedAccess.All, PageKind.Ram), Is.EqualTo(XenError.ENOMEM));
        Assert.That(domain.Physmap.TryLookup(3, out PhysmapEntry entry), Is.True);
        Assert.That((entry.Mfn, entry.Order), Is.EqualTo((515UL, 9)));
    }

    [Test]
    public void BehavesLikeADictionary() => Prop.ForAll<(byte Gfn, byte Mfn, byte What)[]>(Agrees).QuickCheckThrowOnFailure();

    // Pages are spread over several tables and sizes: 16 positions in each of 16 regions of 2 MiB.
    private static bool Agrees((byte Gfn, byte Mfn, byte What)[] steps)
    {
        (_, DomainMemory domain) = Create();
        Dictionary<ulong, ulong> model = [];
        foreach ((byte position, byte mfn, byte what) in steps)
        {
            int order = what % 3 == 0 ? 9 : 0;
            ulong gfn = order == 9 ? (ulong)position / 16 * 512 : (ulong)position / 16 * 512 + (ulong)position % 16;
            ulong[] pages = Enumerable.Range(0, 1 << order).Select(i => gfn + (ulong)i).ToArray();
            if (what % 2 == 0)
            {
                ulong first = (ulong)mfn << order;
                bool mapped = domain.Physmap.Map(gfn, first, order, NestedAccess.All, PageKind.Ram) == 0;
                Assert.That(mapped, Is.EqualTo(!pages.Any(model.ContainsKey)));
                foreach (ulong page in mapped ? pages : [])
                {
                    model[page] = first + page - gfn;
                }
            }
            else
            {
                bool removed = domain.Physmap.Unmap(gfn, order, out PhysmapEntry entry) == 0;
                Assert.That(!removed || entry.Mfn == model[gfn], Is.True);
                Assert.That(removed || order > 0 || !model.ContainsKey(gfn), Is.True);
                foreach (ulong page in removed ? pages : [])
                {
                    model.Remove(page);
                }
            }
        }

        return Enumerable.Range(0, 16 * 512 + 1).All(i =>
            domain.Physmap.TryLookup((ulong)i, out PhysmapEntry entry) == model.TryGetValue((ulong)i, out ulong mfn)
            && entry.Mfn == mfn);
    }
}
