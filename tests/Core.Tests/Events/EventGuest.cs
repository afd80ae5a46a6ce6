using System;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using Microkernel.Core.Tests.Fakes;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Tests.Events;

/// <summary>A guest of a <see cref="TestHost"/> that uses event channels: its hypercalls, and what it sees in its shared memory.</summary>
internal sealed class EventGuest(TestHost host, int index)
{
    private const ulong ArgumentPage = 16;
    private const ulong EventChannelOp = 32;

    public ushort Id => Domain.Id;

    public Domain Domain => host.Domain(index);

    public Span<byte> SharedInfo => host.Machine.Frames[Domain.SharedInfoMfn];

    public bool Is32 { get; init; }

    public long Call<T>(uint operation, ref T argument)
        where T : unmanaged
    {
        MemoryMarshal.Write(host.Page(index, ArgumentPage), in argument);
        long result = host.Call(index, EventChannelOp, Is32, operation, ArgumentPage << 12);
        argument = MemoryMarshal.Read<T>(host.Page(index, ArgumentPage));
        return result;
    }

    public long AllocUnbound(ushort remote)
    {
        EventChannelAbi.AllocUnboundArgument argument = new() { Domain = DomainIds.Self, RemoteDomain = remote };
        long result = Call(EventChannelAbi.AllocUnbound, ref argument);
        return result == 0 ? argument.Port : result;
    }

    public long BindInterdomain(ushort remote, uint port)
    {
        EventChannelAbi.BindInterdomainArgument argument = new() { RemoteDomain = remote, RemotePort = port };
        long result = Call(EventChannelAbi.BindInterdomain, ref argument);
        return result == 0 ? argument.LocalPort : result;
    }

    public long BindVirq(uint virq, uint vcpu)
    {
        EventChannelAbi.BindVirqArgument argument = new() { Virq = virq, Vcpu = vcpu };
        long result = Call(EventChannelAbi.BindVirq, ref argument);
        return result == 0 ? argument.Port : result;
    }

    public long BindIpi(uint vcpu)
    {
        EventChannelAbi.BindIpiArgument argument = new() { Vcpu = vcpu };
        long result = Call(EventChannelAbi.BindIpi, ref argument);
        return result == 0 ? argument.Port : result;
    }

    public long Close(uint port) => Call(EventChannelAbi.Close, ref port);

    public long Send(uint port) => Call(EventChannelAbi.Send, ref port);

    public long Unmask(uint port) => Call(EventChannelAbi.Unmask, ref port);

    public long Reset()
    {
        ushort self = DomainIds.Self;
        return Call(EventChannelAbi.Reset, ref self);
    }

    public long BindVcpu(uint port, uint vcpu)
    {
        EventChannelAbi.BindVcpuArgument argument = new() { Port = port, Vcpu = vcpu };
        return Call(EventChannelAbi.BindVcpu, ref argument);
    }

    public long SetPriority(uint port, uint priority)
    {
        EventChannelAbi.SetPriorityArgument argument = new() { Port = port, Priority = priority };
        return Call(EventChannelAbi.SetPriority, ref argument);
    }

    public long InitControl(ulong gfn, uint offset, uint vcpu)
    {
        EventChannelAbi.InitControlArgument argument = new() { ControlGfn = gfn, Offset = offset, Vcpu = vcpu };
        return Call(EventChannelAbi.InitControl, ref argument);
    }

    public long ExpandArray(ulong gfn) => Call(EventChannelAbi.ExpandArray, ref gfn);

    public long Status(uint port, out EventChannelAbi.StatusArgument status)
    {
        status = new() { Domain = DomainIds.Self, Port = port };
        return Call(EventChannelAbi.Status, ref status);
    }

    /// <summary>EVTCHNSTAT_*, or the error.</summary>
    public long StateOf(uint port)
    {
        long result = Status(port, out EventChannelAbi.StatusArgument status);
        return result == 0 ? status.Status : result;
    }

    public bool IsPending(uint port) => Bit(SharedInfo, SharedInfoAbi.Pending, port);

    public void Clear(uint port) => SetBit(SharedInfo, SharedInfoAbi.Pending, port, false);

    public void SetMask(uint port, bool value) => SetBit(SharedInfo, SharedInfoAbi.Mask(Is32), port, value);

    public bool IsMasked(uint port) => Bit(SharedInfo, SharedInfoAbi.Mask(Is32), port);

    public Span<byte> Info(int vcpu)
    {
        Vcpu of = Domain.Vcpus[vcpu];
        return host.Machine.Frames[of.InfoMfn].Slice(of.InfoOffset, SharedInfoAbi.VcpuInfoSize);
    }

    public bool IsUpcallPending(int vcpu) => Info(vcpu)[0] != 0;

    public ulong Selector(int vcpu) => Is32
        ? BinaryPrimitives.ReadUInt32LittleEndian(Info(vcpu)[4..])
        : BinaryPrimitives.ReadUInt64LittleEndian(Info(vcpu)[8..]);

    /// <summary>The guest has taken note of everything.</summary>
    public void ClearUpcall(int vcpu) => Info(vcpu)[..16].Clear();

    public PendingWork TakeWork(int vcpu) => Domain.Vcpus[vcpu].Take((PendingWork)~0);

    private static bool Bit(Span<byte> bytes, int at, uint bit) => (bytes[at + (int)(bit / 8)] & (1 << (int)(bit % 8))) != 0;

    private static void SetBit(Span<byte> bytes, int at, uint bit, bool value)
    {
        ref byte target = ref bytes[at + (int)(bit / 8)];
        int mask = 1 << (int)(bit % 8);
        target = (byte)(value ? target | mask : target & ~mask);
    }
}
