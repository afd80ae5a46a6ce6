using System;
using System.Runtime.InteropServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Tests.Events;
using Microkernel.Core.Tests.Fakes;
using Microkernel.Core.Vcpus;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Vcpus;

public sealed class VcpuOperationTests
{
    private const ulong VcpuOp = 24;
    private const ulong Argument = 16 << 12;

    // Offsets in struct vcpu_hvm_context.
    private const int Eip = 8 + 32;
    private const int Cr4 = 8 + 48;
    private const int Efer = 8 + 56;
    private const int CsLimit = 8 + 84;
    private const int CsAttributes = 8 + 104;
    private const int DsAttributes = CsAttributes + 2;
    private const int SsAttributes = CsAttributes + 4;
    private const int EsAttributes = CsAttributes + 6;
    private const int TrAttributes = CsAttributes + 8;

    private TestHost _host = null!;

    [SetUp]
    public void MakeGuest() => _host = new TestHost(domains: 1, vcpus: 3);

    [Test]
    public void OffsetsAreXens()
    {
        const string type = "struct vcpu_hvm_context";
        Assert.That(Abi.XenLayout.OffsetOf(type, "cpu_regs.x86_32.eip", 64), Is.EqualTo(Eip));
        Assert.That(Abi.XenLayout.OffsetOf(type, "cpu_regs.x86_32.cr4", 64), Is.EqualTo(Cr4));
        Assert.That(Abi.XenLayout.OffsetOf(type, "cpu_regs.x86_32.efer", 64), Is.EqualTo(Efer));
        Assert.That(Abi.XenLayout.OffsetOf(type, "cpu_regs.x86_32.cs_limit", 64), Is.EqualTo(CsLimit));
        Assert.That(Abi.XenLayout.OffsetOf(type, "cpu_regs.x86_32.cs_ar", 64), Is.EqualTo(CsAttributes));
        Assert.That(Abi.XenLayout.OffsetOf(type, "cpu_regs.x86_32.tr_ar", 64), Is.EqualTo(TrAttributes));
    }

    [Test]
    public void A32BitContext()
    {
        WriteFlat();
        Assert.That(_host.Call(0, VcpuOp, 0, 1, Argument), Is.Zero);
        VcpuContext context = _host.Hardware(0, 1).Context;
        Assert.That(context.Registers.Rip, Is.EqualTo(0x100000));
        Assert.That(context.Cs.Attributes, Is.EqualTo(0xC9B));
        Assert.That(context.Tr.Attributes, Is.EqualTo(0x8B));
        Assert.That(_host.Vcpu(0, 1).IsInitialised);
        Assert.That(_host.Call(0, VcpuOp, 0, 1, Argument), Is.EqualTo(XenError.EEXIST));
        Assert.That(_host.Call(0, VcpuOp, 0, 3, Argument), Is.EqualTo(XenError.ENOENT));
    }

    [TestCase(0, 2u)]
    [TestCase(4, 1u)]
    [TestCase(8 + 52, 1u)]
    [TestCase(CsAttributes, 0xC93u)]
    [TestCase(CsAttributes, 0xC1Bu)]
    [TestCase(CsAttributes, 0xFC9Bu)]
    [TestCase(CsAttributes, 0u)]
    [TestCase(SsAttributes, 0xC9Bu)]
    [TestCase(SsAttributes, 0xC91u)]
    [TestCase(SsAttributes, 0xCF3u)]
    [TestCase(DsAttributes, 0xC99u)]
    [TestCase(EsAttributes, 0xCF3u)]
    [TestCase(TrAttributes, 0xC93u)]
    [TestCase(TrAttributes, 0x81u)]
    [TestCase(TrAttributes + 2, 1u)]
    [TestCase(Cr4, 0x80000000u)]
    [TestCase(Efer, 0x400u)]
    [TestCase(Efer, 0x1000u)]
    public void Bad32BitContexts(int offset, uint value)
    {
        WriteFlat();
        Span<byte> page = _host.Page(0, 16);
        if (offset >= CsAttributes)
        {
            MemoryMarshal.Write(page[offset..], (ushort)value);
        }
        else
        {
            MemoryMarshal.Write(page[offset..], value);
        }

        Assert.That(_host.Call(0, VcpuOp, 0, 1, Argument), Is.EqualTo(XenError.EINVAL));
        Assert.That(_host.Vcpu(0, 1).IsInitialised, Is.False);
        Assert.That(_host.Hardware(0, 1).Resets, Is.Zero);
        Assert.That(_host.Call(0, VcpuOp, 1, 1), Is.EqualTo(XenError.EINVAL), "up");
    }

    [Test]
    public void NullDataSegmentsAreAllowed()
    {
        WriteFlat();
        MemoryMarshal.Write(_host.Page(0, 16)[DsAttributes..], (ushort)0);
        MemoryMarshal.Write(_host.Page(0, 16)[EsAttributes..], (ushort)0);
        Assert.That(_host.Call(0, VcpuOp, 0, 1, Argument), Is.Zero);
    }

    [TestCase(0x100000UL, 0x80000011UL, 0x20UL, 0x100UL, 0)]
    [TestCase(0x0000800000000000UL, 0x80000011UL, 0x20UL, 0x100UL, XenError.EINVAL)]
    [TestCase(0xFFFF800000000000UL, 0x80000011UL, 0x20UL, 0x100UL, 0)]
    [TestCase(0x100000UL, 0x11UL, 0x20UL, 0x100UL, XenError.EINVAL)]
    [TestCase(0x100000UL, 0x80000011UL, 0UL, 0x100UL, XenError.EINVAL)]
    [TestCase(0x100000UL, 0x80000011UL, 0x20UL, 0UL, XenError.EINVAL)]
    [TestCase(0x100000UL, 0x80000011UL, 0x80000020UL, 0x100UL, XenError.EINVAL)]
    public void A64BitContext(ulong rip, ulong cr0, ulong cr4, ulong efer, long expected)
    {
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(_host.Page(0, 16));
        words[0] = 1;
        (words[9], words[11], words[13], words[14]) = (rip, cr0, cr4, efer);
        words[10] = 0xFFFFFFFFFFFFFFFF;
        Assert.That(_host.Call(0, VcpuOp, 0, 1, Argument), Is.EqualTo(expected));
        if (expected == 0)
        {
            VcpuContext context = _host.Hardware(0, 1).Context;
            Assert.That(context.Efer, Is.EqualTo(efer | 0x400));
            Assert.That(context.Cs.Attributes, Is.EqualTo(0xA9B));
            Assert.That(context.Registers.Rflags & ~0x3F7FD7UL, Is.Zero);
        }
    }

    [Test]
    public void UpDownAndTheLastOneOut()
    {
        _host.Vcpu(0).IsInitialised = true;
        _host.Kernel.Dispatcher.BringOnline(_host.Vcpu(0));
        WriteFlat();
        Assert.That(_host.Call(0, VcpuOp, 3, 1), Is.Zero);
        Assert.That(_host.Call(0, VcpuOp, 0, 1, Argument), Is.Zero);
        Assert.That(_host.Call(0, VcpuOp, 1, 1), Is.Zero);
        Assert.That(_host.Call(0, VcpuOp, 3, 1), Is.EqualTo(1));
        Assert.That(_host.Call(0, VcpuOp, 2, 1), Is.Zero);
        Assert.That(_host.Vcpu(0, 1).WantsOffline);
        Assert.That(_host.Domain(0).IsEnding, Is.False);
        Assert.That(_host.Call(0, VcpuOp, 2, 0), Is.Zero);
        Assert.That(_host.Domain(0).IsEnding);
        Assert.That(_host.Domain(0).EndReason, Is.EqualTo(ShutdownReason.Poweroff));
    }

    [Test]
    public void VcpuInfoMovesOnceAndKeepsItsContent()
    {
        EventGuest guest = new(_host, 0);
        guest.Info(1)[SharedInfoAbi.VcpuTime] = 99;
        Assert.That(Register(1, 0x30, 4096 - 60), Is.EqualTo(XenError.ENXIO));
        Assert.That(Register(1, 0x30, 2), Is.EqualTo(XenError.ENXIO));
        Assert.That(Register(1, 1 << 30, 0), Is.EqualTo(XenError.EINVAL));
        ulong pins = _host.Domain(0).Memory.Pins;
        Assert.That(Register(1, 0x30, 128), Is.Zero);
        Assert.That(_host.Domain(0).Memory.Pins, Is.EqualTo(pins + 1));
        Span<byte> info = _host.Page(0, 0x30)[128..];
        Assert.That(info[0], Is.EqualTo(1));
        Assert.That(MemoryMarshal.Read<ulong>(info[8..]), Is.EqualTo(ulong.MaxValue));
        Assert.That(guest.TakeWork(1) & PendingWork.Upcall, Is.EqualTo(PendingWork.Upcall));
        Assert.That(Register(1, 0x31, 128), Is.EqualTo(XenError.EINVAL));
        info[..16].Clear();
        uint port = (uint)guest.BindIpi(1);
        Assert.That(guest.Send(port), Is.Zero);
        Assert.That(_host.Page(0, 0x30)[128], Is.EqualTo(1));
        while (!_host.Domain(0).Events.TeardownPiece())
        {
        }

        Assert.That(_host.Domain(0).Memory.Pins, Is.EqualTo(pins));
    }

    [Test]
    public void AnNmiIsPosted()
    {
        Assert.That(_host.Call(0, VcpuOp, 11, 1, 8), Is.EqualTo(XenError.EINVAL));
        Assert.That(_host.Call(0, VcpuOp, 11, 1), Is.Zero);
        Assert.That(_host.Vcpu(0, 1).Pending & PendingWork.Nmi, Is.EqualTo(PendingWork.Nmi));
    }

    private long Register(ulong vcpu, ulong gfn, uint offset)
    {
        MemoryMarshal.Write(_host.Page(0, 16), gfn);
        MemoryMarshal.Write(_host.Page(0, 16)[8..], (ulong)offset);
        return _host.Call(0, VcpuOp, 10, vcpu, Argument);
    }

    private void WriteFlat()
    {
        Span<byte> page = _host.Page(0, 16);
        page[..VcpuStartContext.Size].Clear();
        MemoryMarshal.Write(page[Eip..], 0x100000u);
        for (int i = 0; i < 4; i++)
        {
            MemoryMarshal.Write(page[(CsLimit + (4 * i))..], uint.MaxValue);
            MemoryMarshal.Write(page[(CsAttributes + (2 * i))..], (ushort)(i == 0 ? 0xC9B : 0xC93));
        }

        MemoryMarshal.Write(page[TrAttributes..], (ushort)0x89);
    }
}
