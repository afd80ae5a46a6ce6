using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Microkernel.Core.Hardware;
using Microkernel.Platform.Svm;
using NUnit.Framework;

namespace Microkernel.Platform.Tests.Svm;

/// <summary>The structures against the numbers of AMD APM vol. 2, appendix B, and against what the assembly uses.</summary>
public sealed class VmcbLayoutTests
{
    [TestCase(nameof(VmcbControl.InterceptControlRegisters), 0x000)]
    [TestCase(nameof(VmcbControl.InterceptDebugRegisters), 0x004)]
    [TestCase(nameof(VmcbControl.InterceptExceptions), 0x008)]
    [TestCase(nameof(VmcbControl.Intercepts1), 0x00C)]
    [TestCase(nameof(VmcbControl.Intercepts2), 0x010)]
    [TestCase(nameof(VmcbControl.Intercepts3), 0x014)]
    [TestCase(nameof(VmcbControl.PauseFilterThreshold), 0x03C)]
    [TestCase(nameof(VmcbControl.PauseFilterCount), 0x03E)]
    [TestCase(nameof(VmcbControl.PortMap), 0x040)]
    [TestCase(nameof(VmcbControl.MsrMap), 0x048)]
    [TestCase(nameof(VmcbControl.TscOffset), 0x050)]
    [TestCase(nameof(VmcbControl.Asid), 0x058)]
    [TestCase(nameof(VmcbControl.TlbControl), 0x05C)]
    [TestCase(nameof(VmcbControl.VirtualInterrupt), 0x060)]
    [TestCase(nameof(VmcbControl.VirtualInterruptVector), 0x064)]
    [TestCase(nameof(VmcbControl.InterruptShadow), 0x068)]
    [TestCase(nameof(VmcbControl.ExitCode), 0x070)]
    [TestCase(nameof(VmcbControl.ExitInfo1), 0x078)]
    [TestCase(nameof(VmcbControl.ExitInfo2), 0x080)]
    [TestCase(nameof(VmcbControl.ExitInterruptInfo), 0x088)]
    [TestCase(nameof(VmcbControl.NestedControl), 0x090)]
    [TestCase(nameof(VmcbControl.EventInjection), 0x0A8)]
    [TestCase(nameof(VmcbControl.NestedCr3), 0x0B0)]
    [TestCase(nameof(VmcbControl.LastBranchControl), 0x0B8)]
    [TestCase(nameof(VmcbControl.Clean), 0x0C0)]
    [TestCase(nameof(VmcbControl.NextRip), 0x0C8)]
    [TestCase(nameof(VmcbControl.InstructionByteCount), 0x0D0)]
    [TestCase(nameof(VmcbControl.InstructionBytesLow), 0x0D1)]
    [TestCase(nameof(VmcbControl.InstructionBytesHigh), 0x0D9)]
    public void ControlAreaHasTheOffsetsOfTableB1(string field, int offset) =>
        Assert.That(OffsetOf<VmcbControl>(field), Is.EqualTo(offset));

    [TestCase(nameof(VmcbSave.Es), 0x000)]
    [TestCase(nameof(VmcbSave.Cs), 0x010)]
    [TestCase(nameof(VmcbSave.Ss), 0x020)]
    [TestCase(nameof(VmcbSave.Ds), 0x030)]
    [TestCase(nameof(VmcbSave.Fs), 0x040)]
    [TestCase(nameof(VmcbSave.Gs), 0x050)]
    [TestCase(nameof(VmcbSave.Gdtr), 0x060)]
    [TestCase(nameof(VmcbSave.Ldtr), 0x070)]
    [TestCase(nameof(VmcbSave.Idtr), 0x080)]
    [TestCase(nameof(VmcbSave.Tr), 0x090)]
    [TestCase(nameof(VmcbSave.Cpl), 0x0CB)]
    [TestCase(nameof(VmcbSave.Efer), 0x0D0)]
    [TestCase(nameof(VmcbSave.Cr4), 0x148)]
    [TestCase(nameof(VmcbSave.Cr3), 0x150)]
    [TestCase(nameof(VmcbSave.Cr0), 0x158)]
    [TestCase(nameof(VmcbSave.Dr7), 0x160)]
    [TestCase(nameof(VmcbSave.Dr6), 0x168)]
    [TestCase(nameof(VmcbSave.Rflags), 0x170)]
    [TestCase(nameof(VmcbSave.Rip), 0x178)]
    [TestCase(nameof(VmcbSave.Rsp), 0x1D8)]
    [TestCase(nameof(VmcbSave.Rax), 0x1F8)]
    [TestCase(nameof(VmcbSave.Star), 0x200)]
    [TestCase(nameof(VmcbSave.Lstar), 0x208)]
    [TestCase(nameof(VmcbSave.Cstar), 0x210)]
    [TestCase(nameof(VmcbSave.Sfmask), 0x218)]
    [TestCase(nameof(VmcbSave.KernelGsBase), 0x220)]
    [TestCase(nameof(VmcbSave.SysenterCs), 0x228)]
    [TestCase(nameof(VmcbSave.SysenterEsp), 0x230)]
    [TestCase(nameof(VmcbSave.SysenterEip), 0x238)]
    [TestCase(nameof(VmcbSave.Cr2), 0x240)]
    [TestCase(nameof(VmcbSave.Pat), 0x268)]
    [TestCase(nameof(VmcbSave.SpecCtrl), 0x2E0)]
    public void SaveAreaHasTheOffsetsOfTableB2(string field, int offset) =>
        Assert.That(OffsetOf<VmcbSave>(field), Is.EqualTo(offset));

    [Test]
    public void SizesAreTheHardwares()
    {
        Assert.That(Unsafe.SizeOf<VmcbControl>(), Is.EqualTo(0x400));
        Assert.That(OffsetOf<Vmcb>(nameof(Vmcb.Save)), Is.EqualTo(0x400));
        Assert.That(Unsafe.SizeOf<Vmcb>(), Is.EqualTo(0x1000));
        Assert.That(Unsafe.SizeOf<Segment>(), Is.EqualTo(16));
        Assert.That(OffsetOf<Segment>(nameof(Segment.Attributes)), Is.EqualTo(2));
        Assert.That(OffsetOf<Segment>(nameof(Segment.Limit)), Is.EqualTo(4));
        Assert.That(OffsetOf<Segment>(nameof(Segment.Base)), Is.EqualTo(8));
    }

    [Test]
    public void FxsaveAreaLiesInTheEntryBlockAsTheCpuWantsIt()
    {
        const int FxsaveSize = 512;
        int area = OffsetOf<SvmEntryBlock>(nameof(SvmEntryBlock.Fcw));
        Assert.That(area % 16, Is.Zero);
        Assert.That(Unsafe.SizeOf<SvmEntryBlock>() - area, Is.EqualTo(FxsaveSize));
        Assert.That(OffsetOf<SvmEntryBlock>(nameof(SvmEntryBlock.Mxcsr)) - area, Is.EqualTo(24));

        // The XSAVE area follows.
        Assert.That(Unsafe.SizeOf<SvmEntryBlock>() % 64, Is.Zero);
    }

    [Test]
    public void AssemblyUsesTheSameNumbers()
    {
        Dictionary<string, int> defined = DefinitionsOf("kernel/Platform/X64/Svm/SvmEntry.S");
        (string Name, int Value)[] expected =
        [
            ("RFLAGS_AND_RIP", OffsetOf<GuestRegisters>(nameof(GuestRegisters.Rflags))),
            ("VMCB", OffsetOf<SvmEntryBlock>(nameof(SvmEntryBlock.Vmcb))),
            ("SAVE_AREA_BELOW", Unsafe.SizeOf<Vmcb>() - OffsetOf<Vmcb>(nameof(Vmcb.Save))),
            ("HOST_VMCB", OffsetOf<SvmEntryBlock>(nameof(SvmEntryBlock.HostVmcb))),
            ("ACTIONS", OffsetOf<SvmEntryBlock>(nameof(SvmEntryBlock.Actions))),
            ("HOST_MXCSR", OffsetOf<SvmEntryBlock>(nameof(SvmEntryBlock.HostMxcsr))),
            ("GUEST_SPEC_CTRL", OffsetOf<SvmEntryBlock>(nameof(SvmEntryBlock.GuestSpecCtrl))),
            ("HOST_SPEC_CTRL", OffsetOf<SvmEntryBlock>(nameof(SvmEntryBlock.HostSpecCtrl))),
            ("FX_AREA", OffsetOf<SvmEntryBlock>(nameof(SvmEntryBlock.Fcw))),
            ("SAVE_RFLAGS_AND_RIP", OffsetOf<VmcbSave>(nameof(VmcbSave.Rflags))),
            ("SAVE_RSP", OffsetOf<VmcbSave>(nameof(VmcbSave.Rsp))),
            ("SAVE_RAX", OffsetOf<VmcbSave>(nameof(VmcbSave.Rax))),
            ("CLEAR_BUFFERS", (int)SwitchActions.ClearBuffers),
            ("SPEC_CTRL", (int)SwitchActions.SpecCtrl),
            ("BRANCH_BARRIER", (int)SwitchActions.BranchBarrier),
            ("FILL_RETURN_STACK", (int)SwitchActions.FillReturnStack),
            ("MSR_SPEC_CTRL", (int)Msr.SpecCtrl),
            ("MSR_PRED_CMD", (int)Msr.PredictionCommand),
        ];
        foreach ((string name, int value) in expected)
        {
            Assert.That(defined[name], Is.EqualTo(value), name);
        }

        Assert.That(defined, Has.Count.EqualTo(expected.Length));
        Assert.That(OffsetOf<GuestRegisters>(nameof(GuestRegisters.R15)), Is.EqualTo(15 * 8));
        Assert.That(OffsetOf<GuestRegisters>(nameof(GuestRegisters.Rip)), Is.EqualTo(0x88));
        Assert.That(OffsetOf<VmcbSave>(nameof(VmcbSave.Rip)), Is.EqualTo(0x178), "RFLAGS and RIP are copied together");
    }

    private static int OffsetOf<T>(string field)
        where T : struct => (int)Marshal.OffsetOf<T>(field);

    private static Dictionary<string, int> DefinitionsOf(string path, [CallerFilePath] string thisFile = "")
    {
        string root = Path.Combine(Path.GetDirectoryName(thisFile)!, "../../..");
        var result = new Dictionary<string, int>();
        foreach (Match match in Regex.Matches(
            File.ReadAllText(Path.Combine(root, path)), @"^#define (\w+) (0x[0-9A-F]+|\d+)$", RegexOptions.Multiline))
        {
            string number = match.Groups[2].Value;
            result.Add(match.Groups[1].Value, number.StartsWith("0x", StringComparison.Ordinal)
                ? int.Parse(number.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture)
                : int.Parse(number, CultureInfo.InvariantCulture));
        }

        return result;
    }
}
