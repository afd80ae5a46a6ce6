using System;
using Microkernel.Core;
using Microkernel.Core.Hardware;
using Microkernel.Core.Logging;
using Microkernel.Platform.Apic;
using Microkernel.Platform.Cpus;
using Microkernel.Platform.Rtc;
using Microkernel.Platform.Smp;
using Microkernel.Platform.Svm;
using Microkernel.Platform.Timers;
using Microkernel.Platform.Uart;

namespace Microkernel.Platform.X64;

/// <summary>A PC. <see cref="MachineStartup"/> finds its parts one after the other.</summary>
internal sealed class X64Machine : Machine
{
    private readonly SerialPorts _ports;
    private readonly PhysicalMemory _memory;
    private readonly Log _log;

    /// <summary>A machine that can log and touch memory so far.</summary>
    public X64Machine(SerialPorts ports, PhysicalMemory memory)
    {
        _ports = ports;
        _memory = memory;
        _log = new Log(this);
    }

    /// <inheritdoc/>
    public override int CpuCount => Processors.ApicIds.Length;

    /// <inheritdoc/>
    public override int FirstGuestCpu => GuestCpus.First(this, CpuCount);

    /// <inheritdoc/>
    public override int CurrentCpu => CpuBlock.CurrentIndex;

    /// <inheritdoc/>
    public override ulong TscFrequency => Frequency;

    /// <inheritdoc/>
    public override PhysicalMemory Memory => _memory;

    /// <inheritdoc/>
    public override PageTableFormat NestedFormat => Format;

    /// <inheritdoc/>
    public override uint AsidCount => Virtualization.Features.AsidCount;

    /// <summary>The core, once it is there.</summary>
    internal Kernel? Kernel { get; set; }

    /// <summary>The local APICs.</summary>
    internal LocalApic Apic { get; set; } = null!;

    /// <summary>The CPUs' timers.</summary>
    internal CpuTimer Timer { get; set; } = null!;

    /// <summary>The CPUs.</summary>
    internal Processors Processors { get; set; } = null!;

    /// <summary>The CPU's virtualization extension.</summary>
    internal SvmHost Virtualization { get; set; } = null!;

    /// <summary>See <see cref="NestedFormat"/>.</summary>
    internal PageTableFormat Format { get; set; } = null!;

    /// <summary>See <see cref="TscFrequency"/>.</summary>
    internal ulong Frequency { get; set; }

    /// <summary>What start-up takes.</summary>
    internal StartupClock Startup { get; set; } = null!;

    /// <summary>The battery-backed clock's time.</summary>
    internal WallClock WallClock { get; set; } = null!;

    /// <inheritdoc/>
    public override ulong ReadTsc() => Cpu.ReadTsc();

    /// <inheritdoc/>
    public override ulong ReadWallClock() => WallClock.Read(Frequency);

    /// <inheritdoc/>
    public override void SetTimer(ulong tscDeadline) => Timer.Arm(CurrentCpu, tscDeadline);

    /// <inheritdoc/>
    public override void SendKick(int cpu) => Apic.Send(Processors.ApicIds[cpu], Vector.Kick);

    /// <inheritdoc/>
    public override void Idle() => Cpu.WaitForInterrupt();

    /// <inheritdoc/>
    public override void SpeculationBarrier() => Virtualization.Speculation.SwitchDomain();

    /// <inheritdoc/>
    public override VcpuHardware CreateVcpu() => new SvmVcpu(Virtualization);

    /// <inheritdoc/>
    public override CpuidResult Cpuid(uint leaf, uint subleaf) => Cpu.Cpuid(leaf, subleaf);

    /// <inheritdoc/>
    public override void WriteLog(ReadOnlySpan<byte> text) => _ports.WriteLog(text);

    /// <inheritdoc/>
    public override void WriteConsole(ReadOnlySpan<byte> bytes) => _ports.WriteGuests(bytes);

    /// <inheritdoc/>
    public override bool TryReadConsole(out byte value) => _ports.TryReadGuests(out value);

    /// <inheritdoc/>
    public override bool TryFindDevice(uint id, int bar, out ulong address, out ulong size) =>
        Pci.BaseAddress.TryFind(id, bar, out address, out size);

    /// <inheritdoc/>
    public override uint LogStart => _ports.LogStart;

    /// <inheritdoc/>
    public override int ReadLog(ref uint index, Span<byte> bytes) => _ports.ReadLog(ref index, bytes);

    /// <inheritdoc/>
    public override void ForgetLog(uint index) => _ports.ForgetLog(index);

    /// <inheritdoc/>
    public override void FirstDomainStarts() => _log.Write(
        $"boot: instructions {Startup.Executed - _ports.Waited}, waits {Startup.Waited + _ports.Waited} ({Startup.Microseconds} us)");

    /// <inheritdoc/>
    public override void Panic(string reason) => Environment.FailFast(reason);
}
