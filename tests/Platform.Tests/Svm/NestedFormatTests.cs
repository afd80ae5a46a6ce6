using Microkernel.Core.Hardware;
using Microkernel.Platform.Svm;
using NUnit.Framework;

namespace Microkernel.Platform.Tests.Svm;

public sealed class NestedFormatTests
{
    private static readonly Amd64NestedFormat _format = new(hasPages1G: true);

    [Test]
    public void EntriesAreWhatTheCpuWalks()
    {
        Assert.That(_format.Table(0x1234), Is.EqualTo(0x0123_4027), "present, writable, user, accessed");
        Assert.That(_format.Leaf(0x1234, 1, NestedAccess.All), Is.EqualTo(0x0123_4067), "and dirty");
        Assert.That(_format.Leaf(0x200, 2, NestedAccess.Read), Is.EqualTo(0x8000_0000_0020_00E5));
    }

    [Test]
    public void WhatGoesInComesOut(
        [Values(1, 2, 3)] int level,
        [Values(NestedAccess.Read, NestedAccess.Read | NestedAccess.Write, NestedAccess.Read | NestedAccess.Execute, NestedAccess.All)]
        NestedAccess access)
    {
        const ulong Mfn = 0xFF_FFFC_0000;
        ulong entry = _format.Leaf(Mfn, level, access);
        Assert.That(_format.IsPresent(entry), Is.True);
        Assert.That(_format.IsLeaf(entry, level), Is.True);
        Assert.That(_format.Mfn(entry), Is.EqualTo(Mfn));
        Assert.That(_format.Access(entry), Is.EqualTo(access));
        Assert.That(entry >> 52 & 0xF, Is.Zero, "the core's own bits");
        Assert.That(_format.Access(entry | 0xFUL << 52), Is.EqualTo(access));
        Assert.That(_format.Mfn(entry | 0xFUL << 52), Is.EqualTo(Mfn));
    }

    [Test]
    public void TablesAreNoLeaves()
    {
        Assert.That(_format.IsLeaf(_format.Table(1), 2), Is.False);
        Assert.That(_format.IsPresent(0), Is.False);
    }

    [TestCase(true, ExpectedResult = 3)]
    [TestCase(false, ExpectedResult = 2)]
    public int LargestLeafDependsOnTheCpu(bool hasPages1G) => new Amd64NestedFormat(hasPages1G).LargestLeafLevel;
}
