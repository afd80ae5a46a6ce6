using System;
using System.Collections.Generic;
using System.Text;
using System.Threading;
using Microkernel.Core.Hardware;

namespace Microkernel.Core.Tests.Fakes;

/// <summary>A machine under the test's control: time stands still, kicks are counted, text is collected.</summary>
public sealed class FakeMachine : Machine
{
    private readonly ThreadLocal<int> _cpu = new();
    private readonly int _cpuCount;

    public FakeMachine(int cpuCount = 2, int frameCount = 4096, int largestLeafLevel = 3)
    {
        _cpuCount = cpuCount;
        Frames = new FakeMemory(frameCount);
        NestedFormat = new FakePageTableFormat(largestLeafLevel);
        Kicks = new int[cpuCount];
        Deadlines = new ulong[cpuCount];
    }

    public FakeMemory Frames { get; }

    public ulong Tsc { get; set; }

    /// <summary>So many CPUs, from 0 on, run no guests.</summary>
    public int ReservedCpus { get; init; }

    /// <summary>TSC ticks a second.</summary>
    public ulong Frequency { get; init; } = 1_000_000_000;

    public ulong WallClock { get; set; } = 1_700_000_000_000_000_000;

    public int[] Kicks { get; }

    /// <summary>What each CPU's timer is set to.</summary>
    public ulong[] Deadlines { get; }

    /// <summary>Called for every kick, after it was counted.</summary>
    public Action<int>? OnKick { get; set; }

    /// <summary>Called when a CPU idles.</summary>
    public Action? OnIdle { get; set; }

    /// <summary>Called for every write to the console.</summary>
    public Action? OnWriteConsole { get; set; }

    public int SpeculationBarriers { get; private set; }

    /// <summary>Memory of PCI devices, whichever base address register is asked for: address and size in bytes.</summary>
    public Dictionary<uint, (ulong Address, ulong Size)> Devices { get; } = [];

    public StringBuilder Log { get; } = new();

    public StringBuilder ConsoleOutput { get; } = new();

    public Queue<byte> ConsoleInput { get; } = new();

    /// <summary>Makes the virtual CPUs; a test that needs some sets it.</summary>
    public Func<VcpuHardware>? VcpuFactory { get; set; }

    /// <summary>Answers CPUID; all zero if not set.</summary>
    public Func<uint, uint, CpuidResult>? CpuidSource { get; set; }

    public override int CpuCount => _cpuCount;

    public override int FirstGuestCpu => ReservedCpus;

    public override int CurrentCpu => _cpu.Value;

    public override uint AsidCount => 8;

    public override ulong TscFrequency => Frequency;

    public override PhysicalMemory Memory => Frames;

    public override PageTableFormat NestedFormat { get; }

    /// <summary>The calling thread plays this CPU from now on.</summary>
    public void RunAs(int cpu) => _cpu.Value = cpu;

    public override ulong ReadTsc() => Tsc;

    public override ulong ReadWallClock() => WallClock;

    public override void SetTimer(ulong tscDeadline) => Deadlines[CurrentCpu] = tscDeadline;

    public override void SendKick(int cpu)
    {
        Interlocked.Increment(ref Kicks[cpu]);
        OnKick?.Invoke(cpu);
    }

    public override void Idle() => OnIdle?.Invoke();

    public override void SpeculationBarrier() => SpeculationBarriers++;

    public override VcpuHardware CreateVcpu() =>
        VcpuFactory?.Invoke() ?? throw new InvalidOperationException("the test gave no VcpuFactory");

    public override CpuidResult Cpuid(uint leaf, uint subleaf) => CpuidSource?.Invoke(leaf, subleaf) ?? default;

    public override void WriteLog(ReadOnlySpan<byte> text) => Log.Append(Encoding.ASCII.GetString(text));

    public override void WriteConsole(ReadOnlySpan<byte> bytes)
    {
        ConsoleOutput.Append(Encoding.Latin1.GetString(bytes));
        OnWriteConsole?.Invoke();
    }

    public override bool TryReadConsole(out byte value) => ConsoleInput.TryDequeue(out value);

    public override bool TryFindDevice(uint id, int bar, out ulong address, out ulong size)
    {
        (address, size) = Devices.GetValueOrDefault(id);
        return size != 0;
    }

    public override void Panic(string reason) => throw new InvalidOperationException(reason);
}
