using System;
using System.Threading;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Events;

/// <summary>
/// The 2-level ABI: a bit per port in shared_info, a selector bit per word in the vcpu_info of the vCPU to tell. Whatever the guest's word
/// size, bit n of its bitmap is bit n % 32 of the 32-bit word n / 32. A guest that changes its word size while it has ports loses those
/// that the narrow layout has no bits for.
/// </summary>
public sealed class TwoLevelDelivery : EventDelivery
{
    private const int PendingAt = SharedInfoAbi.Pending / sizeof(uint);

    private readonly Domain _domain;
    private readonly PhysicalMemory _memory;
    private int _maskAt;
    private int _selectorAt;
    private int _selectorShift;

    /// <summary>The 2-level state of a domain slot. Only during start-up: it allocates.</summary>
    public TwoLevelDelivery(Domain domain)
    {
        _domain = domain;
        _memory = domain.Kernel.Machine.Memory;
        SetLayout(false);
    }

    /// <summary>The guest's word size: "narrow" for 32 bits.</summary>
    public void SetLayout(bool narrow)
    {
        int bits = SharedInfoAbi.BitsPerWord(narrow);
        MaxPorts = (uint)(bits * bits);
        _maskAt = SharedInfoAbi.Mask(narrow) / sizeof(uint);
        _selectorAt = SharedInfoAbi.PendingSelector(narrow) / sizeof(uint);
        _selectorShift = narrow ? 5 : 6;
    }

    /// <inheritdoc/>
    public override void SetPending(Vcpu vcpu, uint port, ref PortRecord record)
    {
        if (port >= MaxPorts)
            return;

        // Without a using block, as in EventChannels.
        FrameView shared = new(_memory, _domain.SharedInfoMfn);
        Span<uint> words = shared.As<uint>();
        int word = (int)(port >> 5);
        uint bit = 1u << (int)(port & 31);
        if (AtomicBits.TrySet(ref words[PendingAt + word], bit) && (Volatile.Read(ref words[_maskAt + word]) & bit) == 0)
            VcpuInfo.Select(vcpu, words, _selectorAt, (int)(port >> _selectorShift));

        shared.Dispose();
    }

    /// <inheritdoc/>
    public override void ClearPending(uint port)
    {
        if (port >= MaxPorts)
            return;

        using FrameView shared = new(_memory, _domain.SharedInfoMfn);
        AtomicBits.TestAndClear(ref Word(in shared, PendingAt, port), (int)port & 31);
    }

    /// <inheritdoc/>
    public override bool IsPending(uint port)
    {
        using FrameView shared = new(_memory, _domain.SharedInfoMfn);
        return port < MaxPorts && AtomicBits.Test(ref Word(in shared, PendingAt, port), (int)port & 31);
    }

    /// <inheritdoc/>
    public override void Unmask(Vcpu vcpu, uint port, ref PortRecord record)
    {
        using FrameView shared = new(_memory, _domain.SharedInfoMfn);
        if (port < MaxPorts
            && AtomicBits.TestAndClear(ref Word(in shared, _maskAt, port), (int)port & 31)
            && AtomicBits.Test(ref Word(in shared, PendingAt, port), (int)port & 31))
        {
            VcpuInfo.Select(vcpu, shared.As<uint>(), _selectorAt, (int)(port >> _selectorShift));
        }
    }

    private static ref uint Word(in FrameView shared, int at, uint port) => ref shared.As<uint>()[at + (int)(port >> 5)];
}
