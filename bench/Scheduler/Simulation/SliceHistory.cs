using System.Collections.Generic;
using System.Linq;

namespace Microkernel.Services.Scheduler.Simulation;

/// <summary>What the CPUs of a machine did from now on. All of it is kept.</summary>
public sealed class SliceHistory
{
    private const int AtATime = 128;

    private readonly Machine _machine;
    private readonly List<CpuSlice>[] _slices;

    /// <summary>Begins now.</summary>
    public SliceHistory(Machine machine)
    {
        _machine = machine;
        _slices = [.. machine.Cpus.Select(static _ => new List<CpuSlice>())];
        machine.OnRan += (vcpu, cpu, start, end) =>
            _slices[cpu.Index].Add(new CpuSlice(vcpu.Key.Domain, vcpu.Key.Vcpu, start, end, vcpu.LastWaitNs, vcpu.Activity));
    }

    /// <summary>As the core gives them.</summary>
    public SliceBatch Read(uint cpu, ulong first)
    {
        List<CpuSlice> all = _slices[cpu];
        CpuSlice[] found = [.. all.Skip((int)first).Take(AtATime)];
        return new SliceBatch(found, first + (ulong)found.Length, 0, _machine.Now);
    }
}
