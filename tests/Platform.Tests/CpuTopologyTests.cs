using System;
using Microkernel.Core.Hardware;
using Microkernel.Platform.Smp;
using NUnit.Framework;

namespace Microkernel.Platform.Tests;

public sealed class CpuTopologyTests
{
    private static readonly uint[] Listed = [0, 1, 2, 3, 4, 5, 6, 7];

    [Test]
    public void SiblingsStayOutUnlessTheyAreWanted()
    {
        Assert.That(Choose(0, 1, false, int.MaxValue), Is.EqualTo(new uint[] { 0, 2, 4, 6 }));
        Assert.That(Choose(0, 1, true, int.MaxValue), Is.EqualTo(Listed));
        Assert.That(Choose(0, 0, false, int.MaxValue), Is.EqualTo(Listed));
    }

    [Test]
    public void TheRunningProcessorComesFirstAndItsSiblingStaysOut() =>
        Assert.That(Choose(5, 1, false, int.MaxValue), Is.EqualTo(new uint[] { 5, 0, 2, 6 }));

    [Test]
    public void TheRunningProcessorNeedNotBeListed() =>
        Assert.That(Choose(9, 0, false, 3), Is.EqualTo(new uint[] { 9, 0, 1 }));

    [TestCase(0, 1)]
    [TestCase(1, 1)]
    [TestCase(3, 3)]
    public void TheLimitHolds(int limit, int expected) =>
        Assert.That(Choose(0, 0, false, limit), Has.Length.EqualTo(expected));

    [Test]
    public void ThreadBitsComeFromTheTopologyLeafWhereThereIsOne()
    {
        var threads = new CpuidResult { Eax = 1, Ecx = 0x100 };
        var amdThreads = new CpuidResult { Ebx = 0x100 };
        Assert.That(CpuTopology.ThreadBits(threads, default), Is.EqualTo(1));
        Assert.That(CpuTopology.ThreadBits(new CpuidResult { Eax = 4, Ecx = 0x201 }, default), Is.Zero);
        Assert.That(CpuTopology.ThreadBits(default, amdThreads), Is.EqualTo(1));
        Assert.That(CpuTopology.ThreadBits(default, default), Is.Zero);
    }

    private static uint[] Choose(uint first, int threadBits, bool siblings, int limit)
    {
        uint[] chosen = new uint[Listed.Length + 1];
        return chosen[..CpuTopology.Choose(first, Listed, threadBits, siblings, limit, chosen)];
    }
}
