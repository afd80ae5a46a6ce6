using System;
using System.Runtime.InteropServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Events;

/// <summary>The 2-level ABI: a bit per port in shared_info, a selector bit per word in the vcpu_info of the vCPU to tell.</summary>
public sealed class TwoLevelDelivery(Domain domain) : EventDelivery
{
    private readonly PhysicalMemory _memory = domain.Kernel.Machine.Memory;

    /// <inheritdoc/>
    public override int MaxPorts
    {
        get
        {
            int bits = SharedInfoAbi.BitsPerWord(domain.HasNarrowSharedInfo);
            return bits * bits;
        }
    }

    /// <inheritdoc/>
    public override void SetPending(Vcpu vcpu, uint port, ref PortRecord record)
    {
        bool tell;
        using (FrameView shared = new(_memory, domain.SharedInfoMfn))
        {
            tell = !AtomicBits.TestAndSet(ref Word(shared.Bytes, SharedInfoAbi.Pending, port), (int)port & 31)
                && !AtomicBits.Test(ref Word(shared.Bytes, MaskOffset, port), (int)port & 31);
        }

        if (tell)
        {
            VcpuInfo.Select(vcpu, WordOf(port));
        }
    }

    /// <inheritdoc/>
    public override void ClearPending(uint port)
    {
        using FrameView shared = new(_memory, domain.SharedInfoMfn);
        AtomicBits.TestAndClear(ref Word(shared.Bytes, SharedInfoAbi.Pending, port), (int)port & 31);
    }

    /// <inheritdoc/>
    public override bool IsPending(uint port)
    {
        using FrameView shared = new(_memory, domain.SharedInfoMfn);
        return AtomicBits.Test(ref Word(shared.Bytes, SharedInfoAbi.Pending, port), (int)port & 31);
    }

    /// <inheritdoc/>
    public override void Unmask(Vcpu vcpu, uint port, ref PortRecord record)
    {
        bool tell;
        using (FrameView shared = new(_memory, domain.SharedInfoMfn))
        {
            tell = AtomicBits.TestAndClear(ref Word(shared.Bytes, MaskOffset, port), (int)port & 31)
                && AtomicBits.Test(ref Word(shared.Bytes, SharedInfoAbi.Pending, port), (int)port & 31);
        }

        if (tell)
        {
            VcpuInfo.Select(vcpu, WordOf(port));
        }
    }

    private int MaskOffset => SharedInfoAbi.Mask(domain.HasNarrowSharedInfo);

    // Whatever the guest's word size, bit n of its bitmap is bit n % 32 of the 32-bit word n / 32.
    private static ref uint Word(Span<byte> shared, int offset, uint port) =>
        ref MemoryMarshal.Cast<byte, uint>(shared)[(offset / sizeof(uint)) + (int)(port / 32)];

    private int WordOf(uint port) => (int)port / SharedInfoAbi.BitsPerWord(domain.HasNarrowSharedInfo);
}
