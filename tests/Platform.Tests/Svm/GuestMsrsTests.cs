using System.Collections.Generic;
using System.Linq;
using Microkernel.Platform.Svm;
using NUnit.Framework;

namespace Microkernel.Platform.Tests.Svm;

public sealed class GuestMsrsTests
{
    private static readonly uint[] _kept =
    [
        0x174, 0x175, 0x176, 0x277, 0xC000_0081, 0xC000_0082, 0xC000_0083, 0xC000_0084, 0xC000_0100, 0xC000_0101, 0xC000_0102,
    ];

    [Test]
    public void EachIsKeptApart()
    {
        VmcbSave save = default;
        for (int i = 0; i < _kept.Length; i++)
        {
            Assert.That(GuestMsrs.TryWrite(ref save, _kept[i], Value(i)), Is.True);
        }

        for (int i = 0; i < _kept.Length; i++)
        {
            Assert.That(GuestMsrs.TryRead(ref save, _kept[i], out ulong value), Is.True);
            Assert.That(value, Is.EqualTo(Value(i)));
        }
    }

    [TestCase(0x173u)]
    [TestCase(0x1Bu)]
    [TestCase(0xC000_0080u)]
    [TestCase(0xC000_0085u)]
    [TestCase(0xC000_0103u)]
    public void OthersAreNot(uint index)
    {
        VmcbSave save = default;
        Assert.That(GuestMsrs.TryRead(ref save, index, out _), Is.False);
        Assert.That(GuestMsrs.TryWrite(ref save, index, 0), Is.False);
    }

    [TestCase(0xC000_0082u, 0x0000_8000_0000_0000UL, ExpectedResult = false)]
    [TestCase(0xC000_0082u, 0xFFFF_8000_0000_0000UL, ExpectedResult = true)]
    [TestCase(0xC000_0101u, 0x8000_0000_0000_0000UL, ExpectedResult = false)]
    [TestCase(0xC000_0084u, 0x8000_0000_0000_0000UL, ExpectedResult = true)]
    [TestCase(0x277u, 0x0007_0406_0007_0406UL, ExpectedResult = true)]
    [TestCase(0x277u, 0x0000_0000_0000_0002UL, ExpectedResult = false)]
    [TestCase(0x277u, 0x0300_0000_0000_0000UL, ExpectedResult = false)]
    [TestCase(0x277u, 0x0000_0000_0000_0008UL, ExpectedResult = false)]
    [TestCase(0x277u, 0x0005_0105_0007_0406UL, ExpectedResult = true)]
    public bool ValuesThatTheCpuRefusesAreRefused(uint index, ulong value)
    {
        VmcbSave save = default;
        return GuestMsrs.TryWrite(ref save, index, value);
    }

    [Test]
    public void OnlyWhatTheWorldSwitchSwitchesIsReachedWithoutAnExit()
    {
        byte[] map = new byte[SvmMsrMap.Size];
        SvmMsrMap.Fill(map);
        var open = new List<uint>();
        foreach (uint start in new[] { 0u, 0xC000_0000u, 0xC001_0000u })
        {
            for (uint msr = start; msr < start + 0x2000; msr++)
            {
                bool canRead = SvmMsrMap.IsAllowed(map, msr, isWrite: false);
                Assert.That(SvmMsrMap.IsAllowed(map, msr, isWrite: true), Is.EqualTo(canRead));
                if (canRead)
                {
                    open.Add(msr);
                }
            }
        }

        Assert.That(open, Is.EquivalentTo(_kept.Where(msr => msr != 0x277)));
    }

    private static ulong Value(int i) => _kept[i] == 0x277 ? 0x0007_0406_0007_0400 + 1 : (ulong)(i + 1) << 32;
}
