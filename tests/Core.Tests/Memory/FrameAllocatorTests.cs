using System.Collections.Generic;
using System.Linq;
using FsCheck;
using FsCheck.Fluent;
using Microkernel.Core.Hardware;
using Microkernel.Core.Memory;
using Microkernel.Core.Tests.Fakes;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Memory;

public sealed class FrameAllocatorTests
{
    private const ushort Owner = 7;

    // Has no bytes, only the count of what is scrubbed, so that blocks of 1 GiB can be tested.
    private sealed class CountingMemory() : FakeMemory(0)
    {
        public List<(ulong Mfn, int Count)> Scrubbed { get; } = [];

        public override void Zero(ulong mfn, int count) => Scrubbed.Add((mfn, count));
    }

    private readonly CountingMemory _memory = new();

    private (FrameTable Frames, FrameAllocator Allocator) Create(int frames, ulong first, ulong count)
    {
        FrameTable table = new(frames);
        FrameAllocator allocator = new(table, _memory);
        allocator.AddFree(first, count);
        return (table, allocator);
    }

    [SetUp]
    public void SetUp() => _memory.Scrubbed.Clear();

    [Test]
    public void LowestFittingBlockIsTaken()
    {
        (FrameTable frames, FrameAllocator allocator) = Create(4096, 100, 3000);
        Assert.That(allocator.TryAllocate(0, Owner, FrameType.GuestRam, out ulong small), Is.True);
        Assert.That(small, Is.EqualTo(100));
        Assert.That(allocator.TryAllocate(9, Owner, FrameType.GuestRam, out ulong large), Is.True);
        Assert.That(large, Is.EqualTo(512));
        Assert.That(frames.Owner(large + 511), Is.EqualTo(Owner));
        Assert.That(frames.Type(99), Is.EqualTo(FrameType.Reserved));
        Assert.That(allocator.FreeFrames, Is.EqualTo(3000 - 513));
    }

    [Test]
    public void FrameZeroIsNeverGiven()
    {
        (FrameTable frames, FrameAllocator allocator) = Create(512, 0, 512);
        Assert.That(allocator.FreeFrames, Is.EqualTo(511));
        Assert.That(frames.Type(0), Is.EqualTo(FrameType.Reserved));
    }

    [Test]
    public void GigabyteBlocksSplitAndMerge()
    {
        (_, FrameAllocator allocator) = Create(3 << 18, 1 << 18, 1 << 19);
        Assert.That(allocator.TryAllocate(0, Owner, FrameType.GuestRam, out ulong small), Is.True);
        Assert.That(allocator.TryAllocate(18, Owner, FrameType.GuestRam, out ulong huge), Is.True);
        Assert.That(huge, Is.EqualTo(2 << 18));
        Assert.That(allocator.TryAllocate(18, Owner, FrameType.GuestRam, out _), Is.False);
        allocator.GiveUp(small);
        Assert.That(allocator.TryAllocate(18, Owner, FrameType.GuestRam, out huge), Is.True);
        Assert.That(huge, Is.EqualTo(1 << 18));
        Assert.That(allocator.FreeFrames, Is.EqualTo(0));
    }

    [Test]
    public void FirstUseAndEveryReturnScrub()
    {
        (_, FrameAllocator allocator) = Create(512, 0, 512);
        allocator.TryAllocate(0, Owner, FrameType.GuestRam, out ulong mfn);
        Assert.That(_memory.Scrubbed, Is.EqualTo(new[] { (mfn, 1) }), "its content was the firmware's");
        allocator.GiveUp(mfn);
        Assert.That(_memory.Scrubbed, Has.Count.EqualTo(2));
        allocator.TryAllocate(0, Owner, FrameType.GuestRam, out _);
        Assert.That(_memory.Scrubbed, Has.Count.EqualTo(2), "it is clean already");
    }

    [Test]
    public void ReferencedFrameOutlivesItsOwnersHold()
    {
        (FrameTable frames, FrameAllocator allocator) = Create(1024, 512, 512);
        allocator.TryAllocate(0, Owner, FrameType.GuestRam, out ulong mfn);
        Assert.That(frames.TryReference(mfn, Owner), Is.True);
        allocator.GiveUp(mfn);
        Assert.That(allocator.FreeFrames, Is.EqualTo(511));
        Assert.That(frames.TryReference(mfn, Owner), Is.False, "nobody gets a new claim on a frame given up");
        allocator.Release(mfn);
        Assert.That(allocator.FreeFrames, Is.EqualTo(512));
        Assert.That(frames.Type(mfn), Is.EqualTo(FrameType.Free));
    }

    [Test]
    public void OnlyGuestMemoryOfTheOwnerIsReferenced()
    {
        (FrameTable frames, FrameAllocator allocator) = Create(512, 0, 512);
        allocator.TryAllocate(0, Owner, FrameType.DomainPool, out ulong pool);
        allocator.TryAllocate(0, Owner, FrameType.GuestRam, out ulong ram);
        Assert.That(frames.TryReference(pool, Owner), Is.False);
        Assert.That(frames.TryReference(ram, Owner + 1), Is.False);
        Assert.That(frames.TryReference(300, Owner), Is.False);
        Assert.That(frames.TryReference(1 << 30, Owner), Is.False);
    }

    [Test]
    public void ClaimsDroppedTwiceAreFatal()
    {
        (FrameTable frames, FrameAllocator allocator) = Create(512, 0, 512);
        allocator.TryAllocate(0, Owner, FrameType.GuestRam, out ulong mfn);
        Assert.That(() => allocator.Release(mfn), Throws.InvalidOperationException);
        frames.TryReference(mfn, Owner);
        allocator.GiveUp(mfn);
        Assert.That(() => allocator.GiveUp(mfn), Throws.InvalidOperationException);
    }

    [Test]
    public void BehavesLikeASetOfFrames()
    {
        // Each number is a step: even ones allocate (every seventh of them 2 MiB), odd ones free the n-th block.
        Prop.ForAll<int[]>(steps => Agrees(steps)).QuickCheckThrowOnFailure();
    }

    private bool Agrees(int[] steps)
    {
        (FrameTable frames, FrameAllocator allocator) = Create(2048, 3, 1900);
        HashSet<ulong> free = Enumerable.Range(3, 1900).Select(i => (ulong)i).ToHashSet();
        List<(ulong Mfn, int Order)> taken = [];
        foreach (int step in steps.SelectMany(s => Enumerable.Repeat(s, 5)))
        {
            if (step % 2 == 0)
            {
                int order = step % 7 == 0 ? 9 : 0;
                bool got = allocator.TryAllocate(order, Owner, FrameType.GuestRam, out ulong mfn);
                ulong[] block = Block(got ? mfn : 0, order);
                Assert.That(got, Is.EqualTo(HasBlock(free, order)));
                Assert.That(!got || block.All(free.Remove), Is.True, "a frame was handed out twice");
                taken.AddRange(got ? [(mfn, order)] : []);
            }
            else if (taken.Count > 0)
            {
                int index = (int)((uint)step % taken.Count);
                foreach (ulong mfn in Block(taken[index].Mfn, taken[index].Order))
                {
                    allocator.GiveUp(mfn);
                    free.Add(mfn);
                }

                taken.RemoveAt(index);
            }

            Assert.That(allocator.FreeFrames, Is.EqualTo((ulong)free.Count));
        }

        return Enumerable.Range(0, 2048).All(i => allocator.IsFree((ulong)i) == free.Contains((ulong)i)
            && frames.Type((ulong)i) == FrameType.Free == free.Contains((ulong)i));
    }

    private static ulong[] Block(ulong mfn, int order) =>
        Enumerable.Range(0, 1 << order).Select(i => mfn + (ulong)i).ToArray();

    private static bool HasBlock(HashSet<ulong> free, int order) => order == 0
        ? free.Count > 0
        : Enumerable.Range(0, 4).Any(group => Block((ulong)group << 9, 9).All(free.Contains));
}
