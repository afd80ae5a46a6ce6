using Microkernel.Core.Abi;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Abi;

public sealed class XenLayoutTests
{
    [Test]
    public void CompilerAnswersForBothWidths()
    {
        Assert.That(XenLayout.SizeOf("xen_pfn_t", 64), Is.EqualTo(8));
        Assert.That(XenLayout.SizeOf("xen_pfn_t", 32), Is.EqualTo(4));
        Assert.That(XenLayout.Values(32, "-5", "0", "1LL << 40"), Is.EqualTo(new[] { -5, 0, 1L << 40 }));
        Assert.That(XenLayout.Values(64, "-5", "0", "1LL << 40"), Is.EqualTo(new[] { -5, 0, 1L << 40 }));
    }

    [Test]
    public void DomainIdsAreXens([Values(32, 64)] int bits) =>
        Assert.That(
            XenLayout.Values(bits, "DOMID_FIRST_RESERVED", "DOMID_SELF", "DOMID_INVALID"),
            Is.EqualTo(new long[] { DomainIds.FirstReserved, DomainIds.Self, DomainIds.Invalid }));
}
