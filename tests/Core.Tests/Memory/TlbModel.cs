using System;
using System.Collections.Generic;
using System.Linq;
using Microkernel.Core.Memory;
using Microkernel.Core.Tests.Fakes;

namespace Microkernel.Core.Tests.Memory;

/// <summary>
/// CPUs whose TLBs keep every translation until it is flushed explicitly, as no emulator does, and that run guests.
/// Throws <see cref="StaleTranslationException"/> when a guest could reach a frame through one that is no longer true.
/// </summary>
internal sealed class TlbModel
{
    private readonly Dictionary<(int Cpu, uint Asid), Dictionary<ulong, (ulong Mfn, ModelVcpu Vcpu)>> _entries = [];
    private readonly (ModelVcpu Vcpu, uint Asid)?[] _running;
    private readonly FakeMachine _machine;
    private readonly HostMemory _host;

    public TlbModel(FakeMachine machine, HostMemory host)
    {
        _machine = machine;
        _host = host;
        _running = new (ModelVcpu, uint)?[machine.CpuCount];
        machine.OnKick = Leave;
        machine.Frames.OnZero = CheckNotReachable;
    }

    /// <summary>The CPUs do not flush when they are told to: a fault that the model must find.</summary>
    public bool IgnoresFlush { get; init; }

    public bool IsRunning(int cpu) => _running[cpu] != null;

    public bool IsRunning(ModelVcpu vcpu) => _running.Any(running => running?.Vcpu == vcpu);

    public void Enter(int cpu, ModelVcpu vcpu)
    {
        uint asid = _host.Cpus[cpu].EnterGuest(vcpu.Memory.Tlb, ref vcpu.Tag, out bool flush);
        if (flush && !IgnoresFlush)
        {
            _entries.Remove((cpu, asid));
        }

        _running[cpu] = (vcpu, asid);
        foreach ((ulong gfn, (ulong mfn, ModelVcpu owner)) in Entries(cpu, asid))
        {
            Check(owner == vcpu, "a vCPU runs with translations of another one");
            Check(Translate(vcpu, gfn) == mfn, "a vCPU enters with a stale translation");
        }
    }

    public void Leave(int cpu)
    {
        if (_running[cpu] != null)
        {
            _running[cpu] = null;
            _host.Cpus[cpu].LeaveGuest();
        }
    }

    /// <summary>The guest on this CPU touches a page: through its TLB if it can.</summary>
    public void Touch(int cpu, ulong gfn)
    {
        (ModelVcpu vcpu, uint asid) = _running[cpu]!.Value;
        Dictionary<ulong, (ulong Mfn, ModelVcpu Vcpu)> tlb = Entries(cpu, asid);
        ulong? now = Translate(vcpu, gfn);
        if (tlb.TryGetValue(gfn, out (ulong Mfn, ModelVcpu Vcpu) entry))
        {
            Check(entry.Mfn == now, "a guest touches memory through a stale translation");
        }
        else if (now is ulong mfn)
        {
            tlb[gfn] = (mfn, vcpu);
        }
    }

    private static ulong? Translate(ModelVcpu vcpu, ulong gfn) =>
        vcpu.Memory.Physmap.TryLookup(gfn, out PhysmapEntry entry) ? entry.Mfn : null;

    private static void Check(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new StaleTranslationException(otherwise);
        }
    }

    private void CheckNotReachable(ulong first, int count)
    {
        for (int cpu = 0; cpu < _running.Length; cpu++)
        {
            if (_running[cpu] is (_, uint asid))
            {
                Check(
                    Entries(cpu, asid).Values.All(entry => entry.Mfn < first || entry.Mfn >= first + (ulong)count),
                    "a frame changes hands while a guest can still reach it");
            }
        }
    }

    private Dictionary<ulong, (ulong Mfn, ModelVcpu Vcpu)> Entries(int cpu, uint asid)
    {
        if (!_entries.TryGetValue((cpu, asid), out Dictionary<ulong, (ulong Mfn, ModelVcpu Vcpu)>? tlb))
        {
            _entries[(cpu, asid)] = tlb = [];
        }

        return tlb;
    }

    /// <summary>A vCPU of a domain.</summary>
    internal sealed class ModelVcpu(DomainMemory memory)
    {
        public AsidTag Tag;

        public DomainMemory Memory => memory;
    }

    internal sealed class StaleTranslationException(string message) : Exception(message);
}
