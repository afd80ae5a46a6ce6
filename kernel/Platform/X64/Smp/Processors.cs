using System;
using System.Runtime;
using System.Threading;
using Microkernel.Core.Logging;
using Microkernel.Platform.Apic;
using Microkernel.Platform.Cpus;
using Microkernel.Platform.Timers;
using Microkernel.Platform.X64;

namespace Microkernel.Platform.Smp;

/// <summary>
/// Starts the other CPUs, one after the other (Intel SDM vol. 3A, 8.4.4), and lets them do work that the first one gives
/// them until they join the dispatcher.
/// </summary>
internal sealed unsafe class Processors
{
    private const ulong InitDelay = 10_000_000;
    private const ulong SecondMessageDelay = 200_000;
    private const ulong Patience = 1_000_000_000;
    private const int Nobody = -1;
    private const uint LastXApicId = 254;

    private static Processors? _instance;

    private readonly LocalApic _apic;
    private readonly StartupClock _clock;
    private readonly Log _log;
    private readonly Trampoline _trampoline;
    private readonly SynchronyTest _synchrony = new();
    private readonly uint[] _apicIds;
    private int _count = 1;
    private int _prepared = 1;
    private int _arrived = Nobody;
    private int _jobCpu = Nobody;
    private Action<int>? _job;
    private Action<int>? _finalJob;

    /// <summary>Only the executing CPU is there; up to <paramref name="most"/> can be.</summary>
    public Processors(int most, LocalApic apic, Trampoline trampoline, StartupClock clock, Log log)
    {
        _apic = apic;
        _clock = clock;
        _log = log;
        _trampoline = trampoline;
        _apicIds = new uint[most];
        _apicIds[0] = apic.Id;
        _instance = this;
    }

    /// <summary>APIC ids of the CPUs that are up, by CPU number.</summary>
    public ReadOnlySpan<uint> ApicIds => _apicIds.AsSpan(0, Volatile.Read(ref _count));

    /// <summary>Starts CPUs; one that does not come up is reported and left alone.</summary>
    public void Start(ReadOnlySpan<uint> apicIds)
    {
        if (apicIds.IsEmpty)
            return;

        foreach (uint apicId in apicIds)
        {
            if (IsReachable(apicId))
                _apic.SendInit(apicId);
        }

        _clock.WaitUntil(_clock.Deadline(InitDelay));
        foreach (uint apicId in apicIds)
        {
            if (!IsReachable(apicId) || !TryStart(apicId))
                _log.Write($"CPU with APIC id {apicId} does not start: it is not used");
        }
    }

    /// <summary>Lets one CPU do something and waits until it is done.</summary>
    public void RunOn(int cpu, Action<int> job)
    {
        if (cpu == CpuBlock.CurrentIndex)
        {
            job(cpu);
            return;
        }

        _job = job;
        Volatile.Write(ref _jobCpu, cpu);
        _apic.Send(_apicIds[cpu], Vector.Kick);
        while (Volatile.Read(ref _jobCpu) != Nobody)
            Cpu.Pause();
    }

    /// <summary>Sends all other CPUs into a job that does not end.</summary>
    public void Release(Action<int> job)
    {
        Volatile.Write(ref _finalJob, job);
        for (int cpu = 1; cpu < _count; cpu++)
            _apic.Send(_apicIds[cpu], Vector.Kick);
    }

    private bool IsReachable(uint apicId) => _apic.UsesX2Apic || apicId <= LastXApicId;

    private bool TryStart(uint apicId)
    {
        int cpu = _count;
        if (_prepared == cpu)
        {
            // Sound: the pointer to the area is not used here.
            CpuArea.Create(_prepared++);
        }

        _synchrony.Prepare();
        _trampoline.Offer(cpu, CpuArea.StackTop(cpu));
        _apic.SendStartup(apicId, _trampoline.Page);
        if (!Arrives(cpu, SecondMessageDelay))
            _apic.SendStartup(apicId, _trampoline.Page);

        // One that has claimed the offer at the last moment is on its way.
        if (!Arrives(cpu, Patience) && (_trampoline.TryWithdraw() || !Arrives(cpu, Patience)))
            return false;

        _synchrony.Run();
        if (_synchrony.LargestStep != 0)
            _log.Write($"CPU {cpu}: its time stamp counter differs by {_synchrony.LargestStep} ticks or more");

        Volatile.Write(ref _count, cpu + 1);
        return true;
    }

    private bool Arrives(int cpu, ulong nanoseconds)
    {
        ulong before = Cpu.ReadTsc();
        ulong deadline = _clock.Deadline(nanoseconds);
        while (Volatile.Read(ref _arrived) != cpu && Cpu.ReadTsc() < deadline)
            Cpu.Pause();

        _clock.CountAsWaited(before);
        return Volatile.Read(ref _arrived) == cpu;
    }

    [RuntimeExport("ProcessorMain")]
    private static void Enter(int cpu)
    {
        CpuArea.Load(cpu);
        _instance!.Serve(cpu);
    }

    private void Serve(int cpu)
    {
        _apic.Enable(takesExternalNmi: false);
        _apicIds[cpu] = _apic.Id;
        Volatile.Write(ref _arrived, cpu);
        _synchrony.Run();
        while (true)
        {
            if (Volatile.Read(ref _jobCpu) == cpu)
            {
                _job!(cpu);
                Volatile.Write(ref _jobCpu, Nobody);
            }
            else if (Volatile.Read(ref _finalJob) is { } job)
            {
                job(cpu);
            }
            else
            {
                Cpu.WaitForInterrupt();
            }
        }
    }
}
