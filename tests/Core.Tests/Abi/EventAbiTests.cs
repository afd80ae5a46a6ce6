using System.Runtime.CompilerServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Events;
using Microkernel.Core.Time;
using Microkernel.Core.Vcpus;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Abi;

/// <summary>The numbers of the event and time interfaces against Xen's public headers.</summary>
public sealed class EventAbiTests
{
    [Test]
    public void ArgumentsHaveXensSizes([Values(32, 64)] int bits)
    {
        AssertSize<EventChannelAbi.AllocUnboundArgument>("struct evtchn_alloc_unbound", bits);
        AssertSize<EventChannelAbi.BindInterdomainArgument>("struct evtchn_bind_interdomain", bits);
        AssertSize<EventChannelAbi.BindVirqArgument>("struct evtchn_bind_virq", bits);
        AssertSize<EventChannelAbi.BindPirqArgument>("struct evtchn_bind_pirq", bits);
        AssertSize<EventChannelAbi.BindIpiArgument>("struct evtchn_bind_ipi", bits);
        AssertSize<EventChannelAbi.StatusArgument>("struct evtchn_status", bits);
        AssertSize<EventChannelAbi.BindVcpuArgument>("struct evtchn_bind_vcpu", bits);
        AssertSize<EventChannelAbi.InitControlArgument>("struct evtchn_init_control", bits);
        AssertSize<EventChannelAbi.SetPriorityArgument>("struct evtchn_set_priority", bits);
        AssertSize<HvmAbi.ParameterArgument>("struct xen_hvm_param", bits);
        AssertSize<HvmAbi.UpcallVectorArgument>("struct xen_hvm_evtchn_upcall_vector", bits);
        AssertSize<HvmAbi.MemoryTypeArgument>("struct xen_hvm_get_mem_type", bits);
        Assert.That(XenLayout.SizeOf("struct vcpu_hvm_context", bits), Is.EqualTo(VcpuStartContext.Size));
        Assert.That(XenLayout.SizeOf("struct vcpu_register_vcpu_info", bits), Is.EqualTo(16));
        Assert.That(XenLayout.SizeOf("struct evtchn_fifo_control_block", bits), Is.EqualTo(FifoDelivery.ControlBlockSize));
    }

    [TestCase(32, Runstate.NarrowSize, 16, 12)]
    [TestCase(64, Runstate.Size, 24, 16)]
    public void WidthsDiffer(int bits, int runstate, int poll, int singleShot)
    {
        Assert.That(XenLayout.SizeOf("struct vcpu_runstate_info", bits), Is.EqualTo(runstate));
        Assert.That(XenLayout.SizeOf("struct sched_poll", bits), Is.EqualTo(poll));
        Assert.That(XenLayout.SizeOf("struct vcpu_set_singleshot_timer", bits), Is.EqualTo(singleShot));
        Assert.That(XenLayout.OffsetOf("struct vcpu_runstate_info", "time", bits), Is.EqualTo(runstate - 32));
    }

    [Test]
    public void SharedInfoIsLaidOutAsInXen([Values(32, 64)] int bits)
    {
        bool narrow = bits == 32;
        string high = narrow ? "arch.wc_sec_hi" : "wc_sec_hi";
        Assert.That(XenLayout.SizeOf("struct vcpu_info", bits), Is.EqualTo(SharedInfoAbi.VcpuInfoSize));
        Assert.That(XenLayout.SizeOf("struct vcpu_time_info", bits), Is.EqualTo(SharedInfoAbi.VcpuTimeSize));
        Assert.That(XenLayout.OffsetOf("struct vcpu_info", "time", bits), Is.EqualTo(SharedInfoAbi.VcpuTime));
        Assert.That(XenLayout.OffsetOf("struct vcpu_info", "evtchn_pending_sel", bits), Is.EqualTo(SharedInfoAbi.PendingSelector(narrow)));
        Assert.That(XenLayout.OffsetOf("struct shared_info", "evtchn_pending", bits), Is.EqualTo(SharedInfoAbi.Pending));
        Assert.That(XenLayout.OffsetOf("struct shared_info", "evtchn_mask", bits), Is.EqualTo(SharedInfoAbi.Mask(narrow)));
        Assert.That(XenLayout.OffsetOf("struct shared_info", "wc_version", bits), Is.EqualTo(SharedInfoAbi.WallClock(narrow)));
        Assert.That(XenLayout.OffsetOf("struct shared_info", high, bits), Is.EqualTo(SharedInfoAbi.WallClockHigh(narrow)));
    }

    [Test]
    public void OperationsHaveXensNumbers() => Assert.That(
        XenLayout.Values(64, "EVTCHNOP_bind_interdomain", "EVTCHNOP_send", "EVTCHNOP_set_priority", "NR_VIRQS", "EVTCHNSTAT_ipi"),
        Is.EqualTo(new long[]
        {
            EventChannelAbi.BindInterdomain, EventChannelAbi.Send, EventChannelAbi.SetPriority,
            EventChannelAbi.VirqCount, EventChannelAbi.StatusIpi,
        }));

    private static void AssertSize<T>(string type, int bits) =>
        Assert.That(Unsafe.SizeOf<T>(), Is.EqualTo(XenLayout.SizeOf(type, bits)), type);
}
