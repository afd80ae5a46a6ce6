using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Dispatch;
using Microkernel.Core.Domains;
using Microkernel.Core.Hypercalls;
using Microkernel.Core.Tests.Fakes;
using Microkernel.Core.Vcpus;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Dispatch;

/// <summary>What CPU 1 of two keeps of the slices that it gave. Domain 1 may read it, domain 2 may not; slices are a microsecond long.</summary>
[TestFixture]
public sealed class SliceLogTests
{
    private const ulong ServiceOp = 48;
    private const ulong Argument = 0x1000;
    private const ulong Buffer = 0x8000;
    private const int Reader = 0;
    private const int MostOfAPage = 4096 / PolicyAbi.SliceSize;

    private TestHost _host = null!;

    private SliceLog Log => _host.Kernel.Cpus[1].Slices;

    [SetUp]
    public void SetUp()
    {
        _host = new TestHost(domains: 2, vcpus: 2, configure: static config =>
            config.Privileges = config.Name[^1] == '0' ? Privilege.Info : Privilege.None);
        _host.Machine.RunAs(0);
        _host.Kernel.Cpus[0].SliceEnd = ulong.MaxValue;
    }

    [Test]
    public void TheLayoutsAreThoseOfTheAbi()
    {
        Assert.That(Marshal.SizeOf<PolicyAbi.SliceRead>(), Is.EqualTo(48));
        Assert.That(Marshal.SizeOf<PolicyAbi.Slice>(), Is.EqualTo(PolicyAbi.SliceSize));
    }

    [Test]
    public void ASliceSaysWhoRanWhenAndWhatBecameOfIt()
    {
        Vcpu vcpu = _host.Vcpu(1, 1);
        vcpu.State = VcpuState.Blocked;
        vcpu.Account.Wakes(700);
        vcpu.Account.Runs(1, 1000, []);
        Log.Append(vcpu, 1000, 3000);
        vcpu.Account.Runs(1, 3500, []);
        vcpu.State = VcpuState.Paused;
        Log.Append(vcpu, 3500, 4000);
        PolicyAbi.SliceRead read = new() { Capacity = 5 };
        PolicyAbi.Slice[] slices = Read(ref read);
        ulong start = _host.Kernel.Clock.At(0);
        Assert.That(slices, Is.EqualTo(new PolicyAbi.Slice[]
        {
            new() { Start = start + 1000, End = start + 3000, Waited = 300, Domain = 2, Vcpu = 1, Next = PolicyAbi.IsBlocked },
            new() { Start = start + 3500, End = start + 4000, Waited = 0, Domain = 2, Vcpu = 1, Next = PolicyAbi.IsOffline },
        }));
        Assert.That((read.First, read.Lost), Is.EqualTo((2ul, 0ul)));
        Assert.That(read.Now, Is.EqualTo(_host.Kernel.Clock.Now()));
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(16)]
    [TestCase(17)]
    [TestCase(SliceLog.Size)]
    [TestCase(SliceLog.Size + 1)]
    [TestCase((3 * SliceLog.Size) + 100)]
    public void ReadingInPiecesGivesEachSliceOnceAndSaysWhatIsGone(int count)
    {
        Append(count);
        int gone = Math.Max(0, count - SliceLog.Size);
        List<ulong> starts = [];
        PolicyAbi.SliceRead read = new() { Capacity = 37 };
        do
        {
            starts.AddRange(Read(ref read).Select(slice => slice.Start));
            Assert.That(read.Lost, Is.EqualTo(starts.Count <= 37 ? (ulong)gone : 0));
        }
        while (read.Count != 0);
        Assert.That(starts, Is.EqualTo(Enumerable.Range(gone, count - gone).Select(i => _host.Kernel.Clock.At((ulong)i * 1000))));
        Assert.That(read.First, Is.EqualTo((ulong)count));
    }

    [Test]
    public void WhoReadsSeldomLosesTheOldestAndLearnsHowMany()
    {
        Append(10);
        PolicyAbi.SliceRead read = new() { Capacity = 4 };
        Read(ref read);
        Append(SliceLog.Size);
        PolicyAbi.Slice[] slices = Read(ref read);
        Assert.That((read.Lost, read.First), Is.EqualTo((6ul, 14ul)));
        Assert.That(slices[0].Start, Is.EqualTo(_host.Kernel.Clock.At(0)), "the first of the second lot");
    }

    [Test]
    public void APlaceThatIsStillToComeIsWaitedForThere()
    {
        Append(3);
        PolicyAbi.SliceRead read = new() { First = 1000, Capacity = 9 };
        Assert.That(Read(ref read), Is.Empty);
        Assert.That((read.First, read.Lost), Is.EqualTo((1000ul, 0ul)));
        read = new() { First = ulong.MaxValue, Capacity = 9 };
        Assert.That(Read(ref read), Is.Empty);
        Assert.That((read.First, read.Lost), Is.EqualTo((ulong.MaxValue, 0ul)));
    }

    [Test]
    public void AReaderWhoseSliceIsOverHasAFew()
    {
        Append(100);
        _host.Kernel.Cpus[0].SliceEnd = 0;
        PolicyAbi.SliceRead read = new() { Capacity = 100 };
        Assert.That(Read(ref read), Has.Length.InRange(1, 50));
        Assert.That(read.First, Is.EqualTo(read.Count));
    }

    [Test]
    public void WrongArgumentsAndCallersAreRefused()
    {
        Append(1);
        Assert.That(Call(Reader, new() { Cpu = 2 }), Is.EqualTo(XenError.EINVAL));
        Assert.That(Call(Reader, new() { Cpu = uint.MaxValue }), Is.EqualTo(XenError.EINVAL));
        Assert.That(Call(Reader, new() { Cpu = 1, Capacity = 1, Buffer = 1UL << 40 }), Is.EqualTo(XenError.EFAULT));
        Assert.That(_host.Call(Reader, ServiceOp, PolicyAbi.ReadSlices, 1UL << 40), Is.EqualTo(XenError.EFAULT));
        Assert.That(Call(1, new() { Cpu = 1, Capacity = 1, Buffer = Buffer }), Is.EqualTo(XenError.EPERM));
        Assert.That(Call(Reader, new() { Cpu = 1, Capacity = 0, Buffer = 1UL << 40 }), Is.Zero);
    }

    private void Append(int count)
    {
        for (int i = 0; i < count; i++)
            Log.Append(_host.Vcpu(1), (ulong)i * 1000, (ulong)(i + 1) * 1000);
    }

    private PolicyAbi.Slice[] Read(ref PolicyAbi.SliceRead read)
    {
        (read.Cpu, read.Buffer) = (1, Buffer);
        Assert.That(read.Capacity, Is.LessThanOrEqualTo(MostOfAPage));
        Assert.That(Call(Reader, read), Is.Zero);
        read = MemoryMarshal.Read<PolicyAbi.SliceRead>(_host.Page(Reader, Argument >> 12));
        return MemoryMarshal.Cast<byte, PolicyAbi.Slice>(_host.Page(Reader, Buffer >> 12).Slice(0, (int)read.Count * PolicyAbi.SliceSize)).ToArray();
    }

    private long Call(int domain, PolicyAbi.SliceRead read)
    {
        MemoryMarshal.Write(_host.Page(domain, Argument >> 12), in read);
        return _host.Call(domain, ServiceOp, PolicyAbi.ReadSlices, Argument);
    }
}
