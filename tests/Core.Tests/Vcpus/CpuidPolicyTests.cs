using System.Collections.Generic;
using System.Linq;
using Microkernel.Core.Hardware;
using Microkernel.Core.Tests.Fakes;
using Microkernel.Core.Vcpus;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Vcpus;

/// <summary>CPUID on made-up hosts. Bit numbers are those of the manuals, not of <see cref="CpuidMask"/>.</summary>
public sealed class CpuidPolicyTests
{
    private const uint Extended = 0x8000_0000;
    private const uint Xen = 0x4000_0000;

    private readonly Dictionary<(uint Leaf, uint Subleaf), CpuidResult> _cpu = [];

    [SetUp]
    public void AllOnes()
    {
        // A CPU of the future that has everything, and some leaves and components more.
        _cpu.Clear();
        CpuidResult ones = new() { Eax = uint.MaxValue, Ebx = uint.MaxValue, Ecx = uint.MaxValue, Edx = uint.MaxValue };
        for (uint leaf = 0; leaf < 0x30; leaf++)
        {
            for (uint subleaf = 0; subleaf < 64; subleaf++)
            {
                _cpu[(leaf, subleaf)] = ones;
                _cpu[(Extended + leaf, subleaf)] = ones;
            }
        }

        _cpu[(0, 0)] = new() { Eax = 0x20, Ebx = 1, Ecx = 2, Edx = 3 };
        _cpu[(Extended, 0)] = new() { Eax = Extended + 0x28 };
        _cpu[(0xD, 1)] = new() { Eax = uint.MaxValue };
        SetComponent(2, 256, 576, 0);
        SetComponent(5, 64, 1088, 0);
        SetComponent(6, 512, 1152, 0);
        SetComponent(7, 1024, 1664, 0);
        SetComponent(9, 8, 2688, 2);
    }

    [TestCase(5, 0, TestName = "VMX is hidden: leaf 1 ECX 5")]
    [TestCase(3, 0, TestName = "MONITOR is hidden: leaf 1 ECX 3")]
    [TestCase(15, 0, TestName = "PDCM is hidden: leaf 1 ECX 15")]
    [TestCase(21, 1, TestName = "X2APIC is shown")]
    [TestCase(24, 1, TestName = "TSC deadline is shown")]
    [TestCase(26, 1, TestName = "XSAVE is shown")]
    [TestCase(31, 1, TestName = "the hypervisor bit is shown")]
    public void Leaf_1_ecx(int bit, int expected) => Assert.That(Read(1).Ecx >> bit & 1, Is.EqualTo(expected));

    [Test]
    public void What_is_emulated_is_shown_on_a_host_without_it()
    {
        _cpu[(1, 0)] = default;
        Assert.That(Read(1).Ecx, Is.EqualTo(0x8120_0000));
        Assert.That(Read(1).Edx, Is.EqualTo((1u << 9) | (1u << 12)));
    }

    [Test]
    public void Virtualization_performance_counters_and_encryption_are_hidden()
    {
        Assert.That(Read(Extended + 1).Ecx >> 2 & 1, Is.Zero, "SVM");
        Assert.That(Read(Extended + 1).Ecx >> 29 & 1, Is.Zero, "MONITORX");
        Assert.That(Read(Extended + 1).Ecx >> 23 & 3, Is.Zero, "performance counters");
        foreach (uint leaf in (uint[])[3, 5, 6, 8, 9, 0xA, 0xC, Extended + 0xA, Extended + 0x1B, Extended + 0x1E, Extended + 0x1F])
        {
            Assert.That(Read(leaf), Is.EqualTo(default(CpuidResult)), $"leaf {leaf:x}");
        }

        Assert.That(Read(Extended + 7), Is.EqualTo(new CpuidResult { Edx = 0x100 }));
    }

    [Test]
    public void Leaves_beyond_the_last_are_zero()
    {
        Assert.That(Read(0).Eax, Is.EqualTo(0xD));
        Assert.That(Read(Extended).Eax, Is.EqualTo(Extended + 0x21));
        foreach (uint leaf in (uint[])[0xE, 0x20, 0x3FFF_FFFF, Xen + 6, Xen + 0x100, Extended + 0x22, 0xC000_0000, uint.MaxValue])
        {
            Assert.That(Read(leaf), Is.EqualTo(default(CpuidResult)), $"leaf {leaf:x}");
        }
    }

    [Test]
    public void An_old_host_has_few_leaves()
    {
        _cpu[(0, 0)] = new() { Eax = 1 };
        _cpu[(Extended, 0)] = default;
        Assert.That(Read(0).Eax, Is.EqualTo(1));
        Assert.That(Read(7), Is.EqualTo(default(CpuidResult)));
        Assert.That(Read(Extended), Is.EqualTo(default(CpuidResult)));
        Assert.That(Read(1).Ecx >> 26 & 5, Is.Zero, "neither XSAVE nor AVX without leaf D");
    }

    [TestCase(0x8000_0000u, 0u, 0x1u)]
    [TestCase(0x8000_0010u, 0x7u, 0x3u)]
    public void State_that_cannot_be_saved_takes_its_features_along(uint leaf1, uint components, uint unused)
    {
        _cpu[(1, 0)] = _cpu[(1, 0)] with { Ecx = leaf1 | (components != 0 ? 1u << 26 | 1u << 28 : 1u << 28) };
        _cpu[(0xD, 0)] = new() { Eax = components };
        Assert.That(Read(1).Ecx >> 28 & 1, Is.EqualTo(components >> 2), "AVX");
        Assert.That(Read(7).Ebx >> 5 & 1, Is.EqualTo(components >> 2), "AVX2");
        Assert.That(Read(7).Ebx >> 16 & 1, Is.Zero, "AVX512F");
        Assert.That(Read(7).Ecx >> 3 & 1, Is.Zero, "PKU");
        Assert.That(unused, Is.Not.Zero);
    }

    [Test]
    public void Xsave_sizes_follow_xcr0()
    {
        TestHost host = Start();
        Assert.That(Read(host, 0xD).Eax, Is.EqualTo(0x2E7));
        Assert.That(Read(host, 0xD).Edx, Is.Zero);
        Assert.That(Read(host, 0xD).Ecx, Is.EqualTo(2696));
        foreach ((ulong xcr0, uint size, uint compact) in ((ulong, uint, uint)[])[(1, 576, 576), (3, 576, 576), (7, 832, 832), (0xE7, 2688, 2432), (0x207, 2696, 840)])
        {
            host.Hardware(0).Xcr0 = xcr0;
            Assert.That(Read(host, 0xD).Ebx, Is.EqualTo(size), $"XCR0 {xcr0:x}");
            Assert.That(Read(host, 0xD, 1).Ebx, Is.EqualTo(compact), $"XCR0 {xcr0:x}, compact");
        }

        Assert.That(Read(host, 0xD, 2), Is.EqualTo(new CpuidResult { Eax = 256, Ebx = 576 }));
        Assert.That(Read(host, 0xD, 3), Is.EqualTo(default(CpuidResult)), "MPX is not offered");
        Assert.That(Read(host, 0xD, 63), Is.EqualTo(default(CpuidResult)));
    }

    [TestCase(0x1ul, true)]
    [TestCase(0x3ul, true)]
    [TestCase(0x7ul, true)]
    [TestCase(0x2E7ul, true)]
    [TestCase(0x207ul, true)]
    [TestCase(0x0ul, false, TestName = "x87 cannot be switched off")]
    [TestCase(0x2ul, false, TestName = "x87 cannot be switched off with SSE")]
    [TestCase(0x5ul, false, TestName = "AVX needs SSE")]
    [TestCase(0x27ul, false, TestName = "the AVX-512 parts come together")]
    [TestCase(0xE3ul, false, TestName = "AVX-512 needs AVX")]
    [TestCase(0x1Ful, false, TestName = "MPX is not offered to XCR0")]
    [TestCase(0x8000_0000_0000_0001ul, false, TestName = "the reserved bit")]
    public void Xcr0_values(ulong value, bool allowed) =>
        Assert.That(Start().Domain(0).Cpuid.IsXcr0Allowed(value), Is.EqualTo(allowed));

    [Test]
    public void Bits_follow_the_state_of_the_vcpu()
    {
        TestHost host = Start();
        Assert.That(Read(host, 1).Ecx >> 27 & 1, Is.Zero, "OSXSAVE");
        Assert.That(Read(host, 7).Ecx >> 4 & 1, Is.Zero, "OSPKE");
        host.Hardware(0).Cr4Value = (1UL << 18) | (1UL << 22);
        Assert.That(Read(host, 1).Ecx >> 27 & 1, Is.EqualTo(1));
        Assert.That(Read(host, 7).Ecx >> 4 & 1, Is.EqualTo(1));
        Assert.That(Read(host, 1).Edx >> 9 & 1, Is.EqualTo(1), "APIC");
        ApicBase.TryWrite(host.Vcpu(0).Apic, 0xFEE0_0000);
        Assert.That(Read(host, 1).Edx >> 9 & 1, Is.Zero);
        Assert.That(Read(host, Extended + 1).Edx >> 9 & 1, Is.Zero);
    }

    [TestCase(1, 1)]
    [TestCase(2, 2)]
    [TestCase(3, 3)]
    [TestCase(8, 4)]
    [TestCase(9, 5)]
    public void Topology_is_one_package_of_single_threaded_cores(int vcpus, int idBits)
    {
        TestHost host = Start(vcpus);
        for (int i = 0; i < vcpus; i++)
        {
            uint id = 2 * (uint)i;
            Assert.That(Read(host, 1, 0, i).Ebx >> 24, Is.EqualTo(id));
            Assert.That(Read(host, 0xB, 0, i), Is.EqualTo(new CpuidResult { Eax = 1, Ebx = 1, Ecx = 0x100, Edx = id }));
            Assert.That(Read(host, 0xB, 1, i),
                Is.EqualTo(new CpuidResult { Eax = (uint)idBits, Ebx = (uint)vcpus, Ecx = 0x201, Edx = id }));
            Assert.That(Read(host, 0xB, 2, i), Is.EqualTo(new CpuidResult { Ecx = 2, Edx = id }));
            Assert.That(id >> idBits, Is.Zero, "one package");
        }

        Assert.That(Read(host, 1).Edx >> 28 & 1, Is.EqualTo(vcpus > 1 ? 1 : 0), "HTT");
        Assert.That(Read(host, Extended + 8).Ecx >> 12, Is.EqualTo((uint)idBits));
        Assert.That(Read(host, 4).Eax >> 14 & 0xFFF, Is.Zero, "caches are not shared");
    }

    [Test]
    public void Addresses_are_48_bits_wide_at_most()
    {
        _cpu[(Extended + 8, 0)] = new() { Eax = 0x3934 };
        Assert.That(Read(Extended + 8).Eax, Is.EqualTo(0x3030));
        _cpu[(Extended + 8, 0)] = new() { Eax = 0x3024 };
        Assert.That(Read(Extended + 8).Eax, Is.EqualTo(0x3024));
    }

    [Test]
    public void Xen_introduces_itself()
    {
        TestHost host = Start(3);
        CpuidResult leaf = Read(host, Xen);
        Assert.That(leaf.Eax, Is.EqualTo(Xen + 5));
        string signature = string.Concat(new[] { leaf.Ebx, leaf.Ecx, leaf.Edx }
            .SelectMany(word => System.BitConverter.GetBytes(word)).Select(value => (char)value));
        Assert.That(signature, Is.EqualTo("XenVMMXenVMM"));
        Assert.That(Read(host, Xen + 1).Eax, Is.EqualTo(0x0004_0011));
        Assert.That(Read(host, Xen + 2), Is.EqualTo(new CpuidResult { Eax = 1, Ebx = 0x4000_0000 }));
        CpuidResult hvm = Read(host, Xen + 4, 0, 2);
        Assert.That(hvm.Eax & 0x58, Is.EqualTo(0x18), "vCPU id, domain id; no upcall vector, which costs an exit for each event");
        Assert.That(hvm.Ebx, Is.EqualTo(2));
        Assert.That(hvm.Ecx, Is.EqualTo(host.Domain(0).Id));
    }

    [Test]
    public void The_clock_of_the_time_leaf_is_that_of_the_core()
    {
        TestHost host = Start();
        host.Hardware(0).TscOffset = 0x1234_5678_9ABC_DEF0;
        Assert.That(Read(host, Xen + 3).Ecx, Is.EqualTo(1_000_000), "kHz");
        CpuidResult leaf = Read(host, Xen + 3, 1);
        Assert.That(leaf.Eax, Is.EqualTo(0x9ABC_DEF0));
        Assert.That(leaf.Ebx, Is.EqualTo(0x1234_5678));
        Assert.That(leaf.Ecx, Is.EqualTo(host.Kernel.Clock.Multiplier));
        Assert.That((sbyte)leaf.Edx, Is.EqualTo(host.Kernel.Clock.Shift));
        Assert.That(Read(host, Xen + 3, 2).Eax, Is.EqualTo(1_000_000));
    }

    private void SetComponent(uint index, uint size, uint offset, uint flags) =>
        _cpu[(0xD, index)] = new() { Eax = size, Ebx = offset, Ecx = flags };

    private TestHost Start(int vcpus = 1) =>
        new(1, vcpus, source: (leaf, subleaf) => _cpu.GetValueOrDefault((leaf, subleaf)));

    private CpuidResult Read(uint leaf) => Read(Start(), leaf);

    private static CpuidResult Read(TestHost host, uint leaf, uint subleaf = 0, int vcpu = 0)
    {
        host.Domain(0).Cpuid.Read(host.Vcpu(0, vcpu), leaf, subleaf, out CpuidResult result);
        return result;
    }
}
