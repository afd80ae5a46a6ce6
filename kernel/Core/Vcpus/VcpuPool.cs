using System;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;

namespace Microkernel.Core.Vcpus;

/// <summary>The vCPUs, made at start, that no domain has: offline and at rest.</summary>
public sealed class VcpuPool(int capacity)
{
    private readonly Vcpu[] _free = new Vcpu[capacity];
    private readonly TicketLock _lock = new();

    /// <summary>How many are free.</summary>
    public int FreeCount { get; private set; }

    /// <summary>Adds one. Only during start-up.</summary>
    public void Add(Vcpu vcpu) => _free[FreeCount++] = vcpu;

    /// <summary>Fills the array with vCPUs of <paramref name="domain"/>, as a new domain's are; false, with nothing done: there are not so many.</summary>
    public bool TryTake(Domain domain, Span<Vcpu> vcpus)
    {
        using TicketLock.Holder held = _lock.Hold();
        if (FreeCount < vcpus.Length)
            return false;

        for (int i = 0; i < vcpus.Length; i++)
        {
            vcpus[i] = _free[--FreeCount];
            vcpus[i].Bind(domain, i);
        }

        return true;
    }

    /// <summary>Takes vCPUs back from a domain that is gone.</summary>
    public void Return(ReadOnlySpan<Vcpu> vcpus)
    {
        using TicketLock.Holder held = _lock.Hold();
        foreach (Vcpu vcpu in vcpus)
            _free[FreeCount++] = vcpu;
    }
}
