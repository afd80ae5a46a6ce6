using Microkernel.Core.Hardware;
using Microkernel.Platform.Svm;
using NUnit.Framework;

namespace Microkernel.Platform.Tests.Svm;

/// <summary>
/// The feature decision with made-up CPUIDs. Of these only QEMU's has been run; the others are not yet run on hardware.
/// </summary>
public sealed class SvmFeaturesTests
{
    private const uint Svm = 1 << 2;
    private const uint Pages1G = 1 << 26;

    [Test]
    public void QemuHasNestedPagingAndLittleElse()
    {
        SvmFeatures features = Decide(edx: 1 << 0 | 1 << 16 | 1 << 28);
        Assert.That(features.Refusal, Is.Null);
        Assert.That(features.NextRip | features.DecodeAssists | features.CleanBits, Is.False);
        Assert.That(features.PauseFilter | features.VirtualNmi | features.VirtualSpecCtrl, Is.False);
        Assert.That(features.FlushCommand, Is.EqualTo(TlbControl.FlushAll));
        Assert.That(features.AsidCount, Is.EqualTo(16));
    }

    [Test]
    public void Zen4UsesEverything()
    {
        const uint All = 1 << 0 | 1 << 3 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 10 | 1 << 12 | 1 << 20 | 1 << 25;
        SvmFeatures features = Decide(All);
        Assert.That(features.NextRip & features.DecodeAssists & features.CleanBits, Is.True);
        Assert.That(features.PauseFilter & features.VirtualNmi & features.VirtualSpecCtrl, Is.True);
        Assert.That(features.FlushCommand, Is.EqualTo(TlbControl.FlushGuest));
        Assert.That(features.HasPages1G, Is.True);
    }

    [Test]
    public void PauseFilterNeedsItsThreshold() => Assert.That(Decide(1 << 0 | 1 << 10).PauseFilter, Is.False);

    [Test]
    public void CpusThatCannotRunGuestsAreRefusedWithTheReason()
    {
        Assert.That(new SvmFeatures(default, default).Refusal, Does.Contain("no AMD SVM"));
        Assert.That(Decide(edx: 0).Refusal, Does.Contain("nested paging"));
        Assert.That(Decide(edx: 1, asids: 1).Refusal, Does.Contain("address space tags"));
    }

    private static SvmFeatures Decide(uint edx, uint asids = 16) =>
        new(new CpuidResult { Ecx = Svm, Edx = Pages1G }, new CpuidResult { Eax = 1, Ebx = asids, Edx = edx });
}
