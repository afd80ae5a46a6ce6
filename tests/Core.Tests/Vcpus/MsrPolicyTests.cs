using System;
using Microkernel.Core.Tests.Fakes;
using Microkernel.Core.Vcpus;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Vcpus;

public sealed class MsrPolicyTests
{
    private const uint Efer = 0xC000_0080;
    private const uint HypercallPageMsr = 0x4000_0000;

    private TestHost _host = null!;

    private Vcpu Vcpu => _host.Vcpu(0);

    private FakeVcpuHardware Hardware => _host.Hardware(0);

    [SetUp]
    public void Start()
    {
        _host = new TestHost(1);
        Hardware.KeepsMsrs = false;
    }

    [TestCase(0x08Bu, 0ul)]
    [TestCase(0x0FEu, 0x508ul)]
    [TestCase(0x2FFu, 0x806ul)]
    [TestCase(0xC001_0015u, 0ul)]
    [TestCase(0xC001_1029u, 2ul)]
    [TestCase(0xC001_0055u, 0ul)]
    [TestCase(0xC001_0007u, 0ul)]
    public void What_kernels_read_at_start(uint index, ulong expected)
    {
        Assert.That(MsrPolicy.TryRead(Vcpu, index, out ulong value), Is.True);
        Assert.That(value, Is.EqualTo(expected));
    }

    [TestCase(0xC001_0114u, TestName = "VM_CR")]
    [TestCase(0xC001_0117u, TestName = "VM_HSAVE_PA")]
    [TestCase(0x480u, TestName = "VMX_BASIC")]
    [TestCase(0xC1u, TestName = "performance counter")]
    [TestCase(0x38Fu, TestName = "PERF_GLOBAL_CTRL")]
    [TestCase(0x4000_0001u, TestName = "another MSR of Xen's range")]
    [TestCase(0xFFFF_FFFFu, TestName = "the last MSR")]
    public void What_is_not_there_is_refused(uint index)
    {
        Assert.That(MsrPolicy.TryRead(Vcpu, index, out ulong value), Is.False);
        Assert.That(value, Is.Zero);
        Assert.That(MsrPolicy.TryWrite(Vcpu, index, 0), Is.False);
    }

    [TestCase(0x0FEu, 0x508ul, false, TestName = "MTRRcap is read-only")]
    [TestCase(0x079u, 0x1234ul, true, TestName = "a microcode update is ignored")]
    [TestCase(0x17Au, 0ul, true, TestName = "MCG_STATUS is cleared")]
    [TestCase(0x17Au, 4ul, false, TestName = "MCG_STATUS is not set")]
    [TestCase(0xC001_0004u, 0xABCDul, true, TestName = "a performance counter swallows its value")]
    public void Writes(uint index, ulong value, bool allowed) =>
        Assert.That(MsrPolicy.TryWrite(Vcpu, index, value), Is.EqualTo(allowed));

    [TestCase(0x8000_0001ul, 0xD01ul, 0xD01ul, true, TestName = "SCE and NXE")]
    [TestCase(0x8000_0001ul, 0x101ul, 0x501ul, true, TestName = "LMA follows by itself")]
    [TestCase(0x8000_0001ul, 0x401ul, 0x500ul, false, TestName = "LME cannot change under paging")]
    [TestCase(0x1ul, 0x1ul, 0x401ul, true, TestName = "LME can be cleared without paging")]
    [TestCase(0x1ul, 0x1500ul, 0x500ul, false, TestName = "SVME is refused")]
    [TestCase(0x1ul, 0x2500ul, 0x500ul, false, TestName = "LMSLE is refused")]
    [TestCase(0x1ul, 0x8000_0000_0000_0500ul, 0x500ul, false, TestName = "reserved bits are refused")]
    public void Efer_rules(ulong cr0, ulong value, ulong after, bool allowed)
    {
        Hardware.Cr0Value = cr0;
        Hardware.Efer = 0x500;
        Assert.That(MsrPolicy.TryWrite(Vcpu, Efer, value), Is.EqualTo(allowed));
        Assert.That(Hardware.Efer, Is.EqualTo(after));
    }

    [Test]
    public void The_time_stamp_counter_is_the_hosts_with_an_offset()
    {
        _host.Machine.Tsc = 1000;
        Assert.That(MsrPolicy.TryWrite(Vcpu, 0x10, 5), Is.True);
        _host.Machine.Tsc = 1100;
        Assert.That(MsrPolicy.TryRead(Vcpu, 0x10, out ulong value), Is.True);
        Assert.That(value, Is.EqualTo(105));
        Assert.That(Vcpu.Pending & PendingWork.Clock, Is.EqualTo(PendingWork.Clock), "pvclock depends on it");
    }

    [Test]
    public void The_hypercall_page_has_a_stub_for_each_hypercall()
    {
        Assert.That(MsrPolicy.TryWrite(Vcpu, HypercallPageMsr, 0x6000), Is.True);
        Span<byte> page = _host.Page(0, 6);
        Assert.That(page.Slice(17 * 32, 10).ToArray(), Is.EqualTo(Convert.FromHexString("B8110000000F01D9C3CC")));
        Assert.That(page.Slice(23 * 32, 2).ToArray(), Is.EqualTo(Convert.FromHexString("0F0B")));
        Assert.That(page.Slice(127 * 32, 2).ToArray(), Is.EqualTo(Convert.FromHexString("B87F")));
        Assert.That(MsrPolicy.TryRead(Vcpu, HypercallPageMsr, out ulong value), Is.True);
        Assert.That(value, Is.Zero);
    }

    [TestCase(true, false)]
    [TestCase(false, true)]
    public void The_hypercall_page_latches_the_layout(bool is64, bool narrow)
    {
        Hardware.Is64BitCodeValue = is64;
        MsrPolicy.TryWrite(Vcpu, HypercallPageMsr, 0x6000);
        Assert.That(_host.Domain(0).HasNarrowSharedInfo, Is.EqualTo(narrow));
    }

    [TestCase(0x6001ul, TestName = "there is one page")]
    [TestCase(0x8_0000_0000ul, TestName = "a hole")]
    [TestCase(0xFFFF_FFFF_FFFF_F000ul, TestName = "beyond the address space")]
    public void A_bad_hypercall_page_is_refused(ulong value) =>
        Assert.That(MsrPolicy.TryWrite(Vcpu, HypercallPageMsr, value), Is.False);

    [Test]
    public void Every_msr_has_an_outcome()
    {
        Random random = new(5);
        for (int i = 0; i < 500_000; i++)
        {
            uint index = (uint)random.Next() >> random.Next(31);
            index = random.Next(3) switch { 0 => 0xC000_0000 | index, 1 => 0xC001_0000 | (index & 0xFFFF), _ => index };
            MsrPolicy.TryWrite(Vcpu, index, (ulong)random.NextInt64() >> random.Next(64));
            MsrPolicy.TryRead(Vcpu, index, out _);
        }

        Assert.That(_host.Machine.Frames.OpenWindows, Is.Zero);
    }
}
