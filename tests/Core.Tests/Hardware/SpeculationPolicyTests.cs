using System.Text;
using Microkernel.Core.Hardware;
using Microkernel.Core.Tests.Fakes;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Hardware;

/// <summary>
/// The choice of mitigations for made-up CPUIDs modelled on these processors with current microcode. None of it has been
/// run on hardware yet but the case of QEMU.
/// </summary>
public sealed class SpeculationPolicyTests
{
    private const Mitigations OnSwitch = Mitigations.BranchBarrierOnSwitch;
    private const Mitigations OnExit = Mitigations.BranchBarrierOnExit;

    private static readonly ProcessorFacts _qemu = new() { Vendor = ProcessorVendor.Amd, Family = 0xF, Extended8Ebx = Bits(2, 9) };

    private static readonly ProcessorFacts _zen1 = new() { Vendor = ProcessorVendor.Amd, Family = 0x17, Extended8Ebx = Bits(0, 1, 2, 12) };

    private static readonly ProcessorFacts _zen2 = new()
    {
        Vendor = ProcessorVendor.Amd,
        Family = 0x17,
        Extended8Ebx = Bits(0, 1, 2, 12, 14, 15, 17, 18, 24),
    };

    private static readonly ProcessorFacts _zen3 = new()
    {
        Vendor = ProcessorVendor.Amd,
        Family = 0x19,
        Extended8Ebx = Bits(0, 1, 2, 12, 14, 15, 18, 24, 28, 29),
        Extended21Eax = Bits(0, 2, 5, 27, 28),
    };

    private static readonly ProcessorFacts _zen4 = new()
    {
        Vendor = ProcessorVendor.Amd,
        Family = 0x19,
        Extended8Ebx = Bits(0, 1, 2, 12, 14, 15, 18, 24, 28, 29, 30),
        Extended21Eax = Bits(0, 2, 5, 6, 8, 27, 28),
    };

    private static readonly ProcessorFacts _zen5 = new()
    {
        Vendor = ProcessorVendor.Amd,
        Family = 0x1A,
        Extended8Ebx = Bits(0, 1, 2, 12, 14, 15, 18, 24, 28, 29, 30),
        Extended21Eax = Bits(0, 2, 5, 6, 8, 27, 28, 30),
        Extended21Ecx = Bits(1, 2),
    };

    private static readonly ProcessorFacts _skylake = new()
    {
        Vendor = ProcessorVendor.Intel,
        Family = 6,
        Features7Ebx = Bits(4, 11),
        Features7Edx = Bits(10, 26, 27, 28, 31),
    };

    private static readonly ProcessorFacts _iceLake = new()
    {
        Vendor = ProcessorVendor.Intel,
        Family = 6,
        Features7Edx = Bits(10, 26, 27, 28, 29, 31),
        ArchCapabilities = Bits(0, 1, 3, 5, 6, 8, 17),
    };

    private static readonly ProcessorFacts _repairedIntel = new()
    {
        Vendor = ProcessorVendor.Intel,
        Family = 6,
        Features7Edx = Bits(10, 26, 27, 28, 29, 31),
        ArchCapabilities = Bits(0, 1, 3, 5, 6, 8, 13, 14, 15, 17, 27),
    };

    [Test]
    public void QemuNeedsNothingButNoSiblings() =>
        Assert.That(SpeculationPolicy.Automatic(_qemu), Is.EqualTo(Mitigations.NoSiblings));

    [Test]
    public void Zen1AndZen2ConfuseBranchTypes()
    {
        Assert.That(SpeculationPolicy.Automatic(_zen1), Is.EqualTo(OnExit | Mitigations.FillReturnStack | Mitigations.NoSiblings));
        Assert.That(
            SpeculationPolicy.Automatic(_zen2),
            Is.EqualTo(OnExit | Mitigations.RestrictBranches | Mitigations.FillReturnStack | Mitigations.NoSiblings));
    }

    [Test]
    public void Zen3NeedsTheBarrierForReturnsAndClearsBuffers() =>
        Assert.That(
            SpeculationPolicy.Automatic(_zen3),
            Is.EqualTo(OnExit | Mitigations.RestrictBranches | Mitigations.FillReturnStack | Mitigations.ClearBuffers
                | Mitigations.NoSiblings));

    [Test]
    public void Zen4RestrictsBranchesByItself() =>
        Assert.That(
            SpeculationPolicy.Automatic(_zen4),
            Is.EqualTo(OnExit | Mitigations.AutomaticRestriction | Mitigations.FillReturnStack | Mitigations.ClearBuffers
                | Mitigations.NoSiblings));

    [Test]
    public void BarrierOnExitIsLeftOutWhereItDoesNotHelp()
    {
        ProcessorFacts oldMicrocode = _zen3;
        oldMicrocode.Extended21Eax = 0;
        Assert.That(SpeculationPolicy.Automatic(oldMicrocode) & (OnExit | OnSwitch), Is.EqualTo(OnSwitch));
        ProcessorFacts immune = _zen3;
        immune.Extended21Eax |= Bits(29);
        Assert.That(SpeculationPolicy.Automatic(immune) & (OnExit | OnSwitch), Is.EqualTo(OnSwitch));
        ProcessorFacts noConfusion = _zen2;
        noConfusion.Extended8Ebx |= Bits(29);
        Assert.That(SpeculationPolicy.Automatic(noConfusion) & (OnExit | OnSwitch), Is.EqualTo(OnSwitch));
    }

    [Test]
    public void Zen5NeedsOnlyTheBarrierBetweenDomains() =>
        Assert.That(
            SpeculationPolicy.Automatic(_zen5),
            Is.EqualTo(OnSwitch | Mitigations.AutomaticRestriction | Mitigations.FillReturnStack | Mitigations.NoSiblings));

    [Test]
    public void SkylakeNeedsNearlyEverything() =>
        Assert.That(
            SpeculationPolicy.Automatic(_skylake),
            Is.EqualTo(OnSwitch | Mitigations.RestrictBranches | Mitigations.FillReturnStack | Mitigations.ClearBuffers
                | Mitigations.FlushDataCache | Mitigations.NoSiblings));

    [Test]
    public void IceLakeClearsItsBuffersForStaleData()
    {
        Mitigations chosen = SpeculationPolicy.Automatic(_iceLake);
        Assert.That(
            chosen,
            Is.EqualTo(OnSwitch | Mitigations.RestrictBranches | Mitigations.FillReturnStack | Mitigations.ClearBuffers
                | Mitigations.NoSiblings));
        Assert.That(SpeculationPolicy.SpecCtrl(chosen), Is.EqualTo(1), "IBRS");
    }

    [Test]
    public void RepairedIntelKeepsItsBuffers() =>
        Assert.That(SpeculationPolicy.Automatic(_repairedIntel) & Mitigations.ClearBuffers, Is.EqualTo(Mitigations.None));

    [Test]
    public void UnknownMakersAreTakenAtTheirWord()
    {
        ProcessorFacts facts = _iceLake;
        facts.Vendor = ProcessorVendor.Other;
        Assert.That(SpeculationPolicy.Automatic(facts) & OnSwitch, Is.EqualTo(OnSwitch));
        Assert.That(SpeculationPolicy.Automatic(default), Is.EqualTo(Mitigations.NoSiblings));
    }

    [TestCase("", ExpectedResult = true)]
    [TestCase("auto", ExpectedResult = true)]
    [TestCase("off", ExpectedResult = true)]
    [TestCase("ibpb,rsb,verw", ExpectedResult = true)]
    [TestCase("ibpb-exit,l1d,ibrs,auto-ibrs,stibp,ssbd,nosmt", ExpectedResult = true)]
    [TestCase("ibpb,", ExpectedResult = false)]
    [TestCase(",ibpb", ExpectedResult = false)]
    [TestCase("ibpb,off", ExpectedResult = false)]
    [TestCase("retpoline", ExpectedResult = false)]
    public bool OptionIsReadOrRefused(string option) =>
        SpeculationPolicy.TryChoose(_zen3, Encoding.ASCII.GetBytes(option), out _);

    [Test]
    public void ListIsTakenExactlyAsFarAsTheCpuCan()
    {
        SpeculationPolicy.TryChoose(_zen1, "verw,rsb,ssbd"u8, out Mitigations chosen);
        Assert.That(chosen, Is.EqualTo(Mitigations.FillReturnStack));
        SpeculationPolicy.TryChoose(_zen2, "stibp,ssbd,ibrs"u8, out chosen);
        Assert.That(SpeculationPolicy.SpecCtrl(chosen), Is.EqualTo(7));
        Assert.That(SpeculationPolicy.GuestSpecCtrl(chosen), Is.EqualTo(6));
    }

    [Test]
    public void OffIsNothingAndAnUnknownNameIsAuto()
    {
        SpeculationPolicy.TryChoose(_zen3, "off"u8, out Mitigations chosen);
        Assert.That(chosen, Is.EqualTo(Mitigations.None));
        SpeculationPolicy.TryChoose(_zen3, "of"u8, out chosen);
        Assert.That(chosen, Is.EqualTo(SpeculationPolicy.Automatic(_zen3)));
    }

    [Test]
    public void FactsComeFromTheLeavesThatExist()
    {
        var machine = new FakeMachine
        {
            CpuidSource = (leaf, _) => leaf switch
            {
                0 => new CpuidResult { Eax = 0x10, Ebx = 0x6874_7541 },
                1 => new CpuidResult { Eax = 0x00A2_0F10 },
                7 => new CpuidResult { Ebx = 0x11, Edx = 0x22 },
                0x8000_0000 => new CpuidResult { Eax = 0x8000_0008 },
                0x8000_0008 => new CpuidResult { Ebx = 0x33 },
                _ => new CpuidResult { Eax = 0xDEAD, Ebx = 0xDEAD, Ecx = 0xDEAD, Edx = 0xDEAD },
            },
        };
        ProcessorFacts facts = ProcessorFacts.Read(machine);
        Assert.That((facts.Vendor, facts.Family), Is.EqualTo((ProcessorVendor.Amd, 0x19)));
        Assert.That((facts.Features7Ebx, facts.Features7Edx, facts.Extended8Ebx), Is.EqualTo((0x11u, 0x22u, 0x33u)));
        Assert.That((facts.Extended21Eax, facts.Extended21Ecx), Is.EqualTo((0u, 0u)));
    }

    private static uint Bits(params int[] bits)
    {
        uint result = 0;
        foreach (int bit in bits)
        {
            result |= 1u << bit;
        }

        return result;
    }
}
