using Microkernel.Core.Hardware;
using Microkernel.Platform.Svm;
using NUnit.Framework;

namespace Microkernel.Platform.Tests.Svm;

public sealed class SvmExitTests
{
    private const ulong Rip = 0xFFFF_8000_0000_1000;
    private static readonly ushort[] _table = SvmExit.CreateTable();

    [TestCase(0x60UL, ExitReason.HostInterrupt, 0)]
    [TestCase(0x61UL, ExitReason.HostInterrupt, 0)]
    [TestCase(0x64UL, ExitReason.InterruptWindow, 0)]
    [TestCase(0x6FUL, ExitReason.ProtectedInstruction, 2)]
    [TestCase(0x72UL, ExitReason.Cpuid, 2)]
    [TestCase(0x74UL, ExitReason.NmiWindow, 0)]
    [TestCase(0x76UL, ExitReason.CacheControl, 2)]
    [TestCase(0x78UL, ExitReason.Halt, 1)]
    [TestCase(0x7FUL, ExitReason.TripleFault, 0)]
    [TestCase(0x80UL, ExitReason.UndefinedInstruction, 0)]
    [TestCase(0x81UL, ExitReason.Hypercall, 3)]
    [TestCase(0x8AUL, ExitReason.UndefinedInstruction, 0)]
    [TestCase(0x8DUL, ExitReason.SetXcr, 3)]
    [TestCase(0xA0UL, ExitReason.UndefinedInstruction, 0)]
    [TestCase(0x6EUL, ExitReason.Unexpected, 0)]
    [TestCase(0x402UL, ExitReason.Unexpected, 0)]
    [TestCase(ulong.MaxValue, ExitReason.InvalidState, 0)]
    [TestCase(0xFFFF_FFFFUL, ExitReason.InvalidState, 0)]
    public void CodeGivesReasonAndLength(ulong code, ExitReason reason, int length)
    {
        VmExit exit = Decode(new VmcbControl { ExitCode = code }, hasNextRip: false);
        Assert.That(exit.Reason, Is.EqualTo(reason));
        Assert.That(exit.InstructionLength, Is.EqualTo(length));
    }

    [TestCase(0x72UL)]
    [TestCase(0x7CUL)]
    public void NextRipWinsOverTheUsualLength(ulong code)
    {
        VmExit exit = Decode(new VmcbControl { ExitCode = code, NextRip = Rip + 5 }, hasNextRip: true);
        Assert.That(exit.InstructionLength, Is.EqualTo(5), "an instruction with prefixes");
    }

    [Test]
    public void MsrExitsTellReadsFromWrites()
    {
        Assert.That(Decode(new VmcbControl { ExitCode = 0x7C }, false).Reason, Is.EqualTo(ExitReason.ReadMsr));
        VmExit write = Decode(new VmcbControl { ExitCode = 0x7C, ExitInfo1 = 1 }, false);
        Assert.That(write.Reason, Is.EqualTo(ExitReason.WriteMsr));
        Assert.That(write.InstructionLength, Is.EqualTo(2));
    }

    [TestCase(0x0CF8_0040UL, 0xCF8, 4, false, false)]
    [TestCase(0x03FD_0011UL, 0x3FD, 1, true, false)]
    [TestCase(0x0060_0025UL, 0x60, 2, true, true)]
    public void PortExitsAreTakenApart(ulong info, int port, int size, bool isInput, bool isString)
    {
        VmExit exit = Decode(new VmcbControl { ExitCode = 0x7B, ExitInfo1 = info, ExitInfo2 = Rip + 2 }, false);
        Assert.That(exit.Reason, Is.EqualTo(ExitReason.PortIo));
        Assert.That((exit.Port, exit.Size, exit.IsInput, exit.IsString), Is.EqualTo(((ushort)port, (byte)size, isInput, isString)));
        Assert.That(exit.InstructionLength, Is.EqualTo(2));
    }

    [Test]
    public void NestedFaultsCarryAddressAndInstruction()
    {
        var control = new VmcbControl
        {
            ExitCode = 0x400,
            ExitInfo1 = 1UL << 32 | 0x6,
            ExitInfo2 = 0xFEE0_00B0,
            InstructionByteCount = 15,
            InstructionBytesLow = 0x8877_6655_4433_2211,
            InstructionBytesHigh = 0xAA0F_EEDD_CCBB_AA99,
        };
        VmExit exit = Decode(control, true);
        Assert.That(exit.Reason, Is.EqualTo(ExitReason.NestedFault));
        Assert.That(exit.GuestPhysical, Is.EqualTo(0xFEE0_00B0));
        Assert.That((exit.IsWrite, exit.IsFetch, exit.IsTableWalk), Is.EqualTo((true, false, false)));
        Assert.That(exit.InstructionByteCount, Is.EqualTo(15));
        Assert.That(exit.InstructionLength, Is.Zero);
        Assert.That(exit.InstructionBytesHigh >> 56, Is.Zero, "the byte after the fifteenth is not the instruction's");
    }

    [Test]
    public void NestedFaultsInTheGuestsTablesAreMarked()
    {
        VmExit exit = Decode(new VmcbControl { ExitCode = 0x400, ExitInfo1 = 1UL << 33 | 0x14 }, false);
        Assert.That((exit.IsWrite, exit.IsFetch, exit.IsTableWalk), Is.EqualTo((false, true, true)));
    }

    private static VmExit Decode(in VmcbControl control, bool hasNextRip)
    {
        VmExit exit = default;
        ulong rip = Rip;
        if (!SvmExit.TryDecodeQuickly(in control, in rip, hasNextRip, _table, ref exit))
        {
            SvmExit.Decode(control, Rip, hasNextRip, ref exit);
        }

        return exit;
    }
}
