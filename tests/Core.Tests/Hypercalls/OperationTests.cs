using System;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using Microkernel.Core.Hypercalls;
using Microkernel.Core.Tests.Abi;
using Microkernel.Core.Tests.Fakes;
using Microkernel.Core.Vcpus;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Hypercalls;

/// <summary>hvm_op, xen_version, multicall, sched_op and what a guest without devices is refused.</summary>
public sealed class OperationTests
{
    private const ulong Argument = 16 << 12;
    private const ulong XenVersion = 17;
    private const ulong SchedOp = 29;
    private const ulong HvmOp = 34;

    private TestHost _host = null!;

    [SetUp]
    public void MakeGuests() => _host = new TestHost(domains: 2, vcpus: 2);

    [Test]
    public void ParametersThatAGuestMaySetItMayRead()
    {
        Assert.That(SetParameter(34, 0x1234), Is.Zero);
        Assert.That(GetParameter(34), Is.EqualTo((0, 0x1234)));
        Assert.That(GetParameter(HvmParameters.StorePfn).Result, Is.Zero);
        Assert.That(SetParameter(HvmParameters.StorePfn, 1), Is.EqualTo(XenError.EPERM));
        Assert.That(SetParameter(4, 1), Is.EqualTo(XenError.EINVAL));
        Assert.That(GetParameter(5).Result, Is.EqualTo(XenError.EPERM));
        Assert.That(GetParameter(HvmParameters.Count).Result, Is.EqualTo(XenError.EINVAL));
        Assert.That(GetParameter(uint.MaxValue).Result, Is.EqualTo(XenError.EINVAL));
        Assert.That(SetParameter(0, 1, domain: 99), Is.EqualTo(XenError.ESRCH));
        Assert.That(SetParameter(0, 1, _host.Domain(1).Id), Is.EqualTo(XenError.EPERM));
    }

    [Test]
    public void TheCallbackVectorIsKeptWhenOtherWaysAreAskedFor()
    {
        Assert.That(SetParameter(0, (2UL << 56) | 0xF3), Is.Zero);
        Assert.That(_host.Domain(0).Parameters.CallbackVector, Is.EqualTo(0xF3));
        Assert.That(SetParameter(0, 9), Is.Zero, "a GSI");
        Assert.That(_host.Domain(0).Parameters.CallbackVector, Is.EqualTo(0xF3));
        Assert.That(GetParameter(0), Is.EqualTo((0, 9)));
    }

    [Test]
    public void TheCallersWidthDecidesTheLayout()
    {
        MemoryMarshal.Write(_host.Page(0, 16), new HvmAbi.ParameterArgument { Domain = DomainIds.Self, Value = 2UL << 56 });
        Assert.That(_host.Call(0, HvmOp, true, 0, Argument), Is.Zero);
        Assert.That(_host.Domain(0).HasNarrowSharedInfo);
        Assert.That(_host.Call(0, HvmOp, false, 0, Argument), Is.Zero);
        Assert.That(_host.Domain(0).HasNarrowSharedInfo, Is.False);
    }

    [Test]
    public void ParameterNumbersAreXens() => Assert.That(
        XenLayout.Values(64, "HVM_PARAM_STORE_PFN", "HVM_PARAM_CONSOLE_PFN", "HVM_PARAM_CONSOLE_EVTCHN", "HVM_NR_PARAMS"),
        Is.EqualTo(new long[]
        {
            HvmParameters.StorePfn, HvmParameters.ConsolePfn, HvmParameters.ConsoleEventChannel, HvmParameters.Count,
        }));

    [TestCase(0u, 0x40, 0)]
    [TestCase(1u, 0x0F, XenError.EINVAL)]
    [TestCase(2u, 0x40, XenError.ENOENT)]
    public void UpcallVectors(uint vcpu, byte vector, long expected)
    {
        MemoryMarshal.Write(_host.Page(0, 16), new HvmAbi.UpcallVectorArgument { Vcpu = vcpu, Vector = vector });
        Assert.That(_host.Call(0, HvmOp, 23, Argument), Is.EqualTo(expected));
        Assert.That(_host.Vcpu(0).UpcallVector, Is.EqualTo(expected == 0 ? vector : 0));
    }

    [Test]
    public void VersionIsThatOfTheAbi()
    {
        Assert.That(_host.Call(0, XenVersion, 0, 0), Is.EqualTo((4 << 16) | 17));
        Assert.That(_host.Call(0, XenVersion, 7, 0), Is.EqualTo(4096));
        Assert.That(_host.Call(0, XenVersion, 7, 1), Is.EqualTo(XenError.EINVAL));
        Assert.That(_host.Call(0, XenVersion, 10, 0), Is.EqualTo(XenError.EPERM));
        Assert.That(_host.Call(0, XenVersion, 9, Argument), Is.Zero);
        Assert.That(Encoding.ASCII.GetString(_host.Page(0, 16)[..9]), Is.EqualTo("<denied>\0"));
    }

    [TestCase(1u, 16)]
    [TestCase(2u, 144)]
    [TestCase(3u, 1024)]
    [TestCase(4u, 64)]
    [TestCase(5u, 8)]
    [TestCase(8u, 16)]
    public void TextsFillTheirFieldsAndNothingMore(uint operation, int size)
    {
        Span<byte> page = _host.Page(0, 16);
        page.Fill(0xAA);
        Assert.That(_host.Call(0, XenVersion, operation, Argument), Is.Zero);
        Assert.That(page[size], Is.EqualTo(0xAA));
        Assert.That(page[size - 1], Is.Not.EqualTo(0xAA));
    }

    [Test]
    public void FeatureNumbersAreXens()
    {
        long[] wanted = XenLayout.Values(
            64, "XENFEAT_writable_page_tables", "XENFEAT_auto_translated_physmap", "XENFEAT_hvm_callback_vector",
            "XENFEAT_hvm_safe_pvclock", "XENFEAT_memory_op_vnode_supported", "XENFEAT_not_direct_mapped");
        Assert.That(_host.Call(0, XenVersion, 6, Argument), Is.Zero);
        Assert.That(MemoryMarshal.Read<uint>(_host.Page(0, 16)[4..]), Is.EqualTo(wanted.Aggregate(0u, (sum, bit) => sum | (1u << (int)bit))));
        MemoryMarshal.Write(_host.Page(0, 16), 1u);
        Assert.That(_host.Call(0, XenVersion, 6, Argument), Is.EqualTo(XenError.EINVAL));
    }

    [Test]
    public void EachGuestHasAnIdOfItsOwn()
    {
        Assert.That(_host.Call(0, XenVersion, 8, Argument), Is.Zero);
        Assert.That(_host.Call(1, XenVersion, 8, Argument), Is.Zero);
        Assert.That(_host.Page(0, 16)[..16].SequenceEqual(_host.Page(1, 16)[..16]), Is.False);
    }

    [Test]
    public void AMulticallGivesEachEntryItsResult([Values] bool is32)
    {
        int size = is32 ? 4 : 8;
        PutEntry(0, size, XenVersion, 0);
        PutEntry(1, size, 63, 0);
        PutEntry(2, size, 13, 0);
        PutEntry(3, size, XenVersion, 7, 1);
        PutEntry(4, size, XenVersion, 7);
        Assert.That(_host.Call(0, 13, is32, Argument, 5), Is.Zero);
        Assert.That(Result(0, size), Is.EqualTo((4 << 16) | 17));
        Assert.That(Result(1, size), Is.EqualTo(XenError.ENOSYS));
        Assert.That(Result(2, size), Is.EqualTo(XenError.EINVAL), "not within itself");
        Assert.That(Result(3, size), Is.EqualTo(XenError.EINVAL));
        Assert.That(Result(4, size), Is.EqualTo(4096));
    }

    [Test]
    public void AMulticallStopsAtABadEntryAndGoesOnWhenInterrupted()
    {
        for (int i = 0; i < 32; i++)
        {
            PutEntry(i, 8, XenVersion, 7);
        }

        _host.Kernel.Cpus[0].MustReschedule = true;
        Assert.That(_host.Call(0, 13, Argument, 32), Is.Zero);
        Assert.That(Result(31, 8), Is.EqualTo(4096));
        Assert.That(_host.Call(0, 13, 1UL << 40, 1), Is.EqualTo(XenError.EFAULT));
        Assert.That(_host.Call(0, 13, 1UL << 40, 0), Is.Zero);
    }

    [Test]
    public void ShutdownTakesTheCodeSaidBefore()
    {
        MemoryMarshal.Write(_host.Page(0, 16), (uint)ShutdownReason.Crash);
        Assert.That(_host.Call(0, SchedOp, 5, Argument), Is.Zero);
        MemoryMarshal.Write(_host.Page(0, 16), (uint)ShutdownReason.Reboot);
        Assert.That(_host.Call(0, SchedOp, 5, Argument), Is.Zero);
        Assert.That(_host.Call(0, SchedOp, 2, Argument), Is.Zero);
        Assert.That(_host.Domain(0).EndReason, Is.EqualTo(ShutdownReason.Crash));
        Assert.That(_host.Vcpu(0, 1).Pending & PendingWork.Stop, Is.EqualTo(PendingWork.Stop));
    }

    [Test]
    public void NoGuestEndsAnother()
    {
        MemoryMarshal.Write(_host.Page(0, 16), (ulong)_host.Domain(1).Id);
        Assert.That(_host.Call(0, SchedOp, 4, Argument), Is.EqualTo(XenError.EPERM));
        MemoryMarshal.Write(_host.Page(0, 16), 99UL);
        Assert.That(_host.Call(0, SchedOp, 4, Argument), Is.EqualTo(XenError.ESRCH));
        Assert.That(_host.Call(0, SchedOp, 4, 1UL << 40), Is.EqualTo(XenError.EFAULT));
        Assert.That(_host.Domain(1).IsEnding, Is.False);
    }

    [Test]
    public void TheTableListsWhatIsServed()
    {
        const ulong nowhere = 1UL << 40;
        for (ulong number = 0; number < 64; number++)
        {
            Hypercall? hypercall = HypercallTable.All.SingleOrDefault(h => h.Number == (int)number);
            bool selects = hypercall is { Operations.Length: > 1 } && hypercall.Number is not 35 and not 36;
            for (uint operation = 0; operation < 64; operation++)
            {
                SubOperation? row = hypercall?.Operations.FirstOrDefault(o => !selects || o.Number == operation);
                bool isServed = row != null && !row.Note.StartsWith("ENOSYS", StringComparison.Ordinal);
                ulong argument = selects ? operation : nowhere;
                Assert.That(_host.Call(0, number, argument, nowhere, nowhere) != XenError.ENOSYS, Is.EqualTo(isServed), $"{hypercall?.Name} {operation}");
            }
        }

        Assert.That(_host.Call(0, 1UL << 32 | XenVersion), Is.EqualTo(XenError.ENOSYS));
    }

    [Test]
    public void WhatNeedsDevicesIsRefused()
    {
        foreach (SubOperation operation in PhysicalDeviceOperations.Table)
        {
            Assert.That(_host.Call(0, 33, operation.Number, Argument), Is.EqualTo(XenError.ENOSYS), operation.Name);
        }

        MemoryMarshal.Write(_host.Page(0, 16), 1 | ((ulong)XenLayout.Value("XENPF_INTERFACE_VERSION", 64) << 32));
        Assert.That(_host.Call(0, 7, Argument), Is.EqualTo(XenError.EPERM));
        MemoryMarshal.Write(_host.Page(0, 16), 1UL);
        Assert.That(_host.Call(0, 7, Argument), Is.EqualTo(XenError.EACCES));
        Assert.That(_host.Call(0, 21, 0, 2), Is.EqualTo(XenError.EINVAL), "an assist for PV guests");
    }

    private long SetParameter(uint index, ulong value, ushort domain = DomainIds.Self)
    {
        MemoryMarshal.Write(_host.Page(0, 16), new HvmAbi.ParameterArgument { Domain = domain, Index = index, Value = value });
        return _host.Call(0, HvmOp, 0, Argument);
    }

    private (long Result, ulong Value) GetParameter(uint index)
    {
        MemoryMarshal.Write(_host.Page(0, 16), new HvmAbi.ParameterArgument { Domain = DomainIds.Self, Index = index });
        long result = _host.Call(0, HvmOp, 1, Argument);
        return (result, MemoryMarshal.Read<HvmAbi.ParameterArgument>(_host.Page(0, 16)).Value);
    }

    private void PutEntry(int index, int size, params ulong[] words)
    {
        ulong[] entry = [words[0], 0xDEAD, .. words[1..]];
        for (int i = 0; i < entry.Length; i++)
        {
            Span<byte> at = _host.Page(0, 16)[(((index * 8) + i) * size)..];
            BitConverter.GetBytes(entry[i]).AsSpan(0, size).CopyTo(at);
        }
    }

    private long Result(int index, int size)
    {
        Span<byte> at = _host.Page(0, 16)[(((index * 8) + 1) * size)..];
        return size == 4 ? MemoryMarshal.Read<int>(at) : MemoryMarshal.Read<long>(at);
    }
}
