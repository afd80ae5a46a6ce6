using System;
using Microkernel.Core.Boot;
using Microkernel.Core.Hardware;
using Microkernel.Core.Logging;
using Microkernel.Platform.Acpi;
using Microkernel.Platform.Apic;
using Microkernel.Platform.Boot;
using Microkernel.Platform.Cpus;
using Microkernel.Platform.Diagnostics;
using Microkernel.Platform.Pci;
using Microkernel.Platform.Rtc;
using Microkernel.Platform.Smp;
using Microkernel.Platform.Svm;
using Microkernel.Platform.Timers;
using Microkernel.Platform.Traps;
using Microkernel.Platform.Uart;
using AcpiTables = Microkernel.Platform.Acpi.AcpiTables;

namespace Microkernel.Platform.X64;

/// <summary>Finds and starts the parts of the machine, in the order in which they need each other; one line of the log each.</summary>
internal sealed class MachineStartup
{
    private const uint TopologyLeaf = 0xb, AmdTopologyLeaf = 0x8000_001e;
    private const byte Com1Interrupt = 4, Com2Interrupt = 3;

    private readonly SerialPorts _ports = new();
    private readonly X64Machine _machine;
    private readonly StartupClock _clock;
    private readonly CoreOptions _options;
    private readonly Log _log;
    private AcpiTables _acpi = AcpiTables.None;
    private Calibration? _calibration;

    /// <summary>Takes the serial ports and stops devices.</summary>
    /// <param name="memory">Windows onto frames.</param>
    /// <param name="commandLine">The core's options.</param>
    /// <param name="startTsc">The TSC when the core began.</param>
    public MachineStartup(PhysicalMemory memory, ReadOnlySpan<byte> commandLine, ulong startTsc)
    {
        _machine = new X64Machine(_ports, memory);
        _log = new Log(_machine);
        _clock = new StartupClock(startTsc);
        _machine.Startup = _clock;
        _options = CoreOptions.Parse(commandLine, _log);
        _ports.Assign(_options.Console, _options.Guests);
    }

    /// <summary>The machine.</summary>
    public X64Machine Machine => _machine;

    /// <summary>The options.</summary>
    public CoreOptions Options => _options;

    /// <summary>What start-up took.</summary>
    public StartupClock Clock => _clock;

    /// <summary>The log.</summary>
    public Log Log => _log;

    /// <summary>Does everything up to the point where vCPUs can be made.</summary>
    /// <param name="tableRanges">Memory in which firmware keeps its tables.</param>
    /// <param name="trampolineFrame">A frame below 1 MiB that stays the core's.</param>
    public void Run(ReadOnlySpan<PhysicalRange> tableRanges, ulong trampolineFrame)
    {
        (int found, int wereOn) = BusMastering.Disable();
        ReadTables(tableRanges);
        StartInterrupts();
        StartClocks();
        _log.Write($"boot: {found} PCI functions, bus mastering switched off on {wereOn} ({_clock.Microseconds} us)");
        StartProcessors(trampolineFrame);
        StartVirtualization();
        FinishClocks();
    }

    private void ReadTables(ReadOnlySpan<PhysicalRange> tableRanges)
    {
        var memory = new FirmwareMemory(_log);
        if (memory.TryFindRoot(tableRanges, out RootPointer pointer))
            _acpi = AcpiTables.Read(memory, pointer);
        else
            _log.Write($"ACPI: no root pointer found");

        if (_acpi.Madt == null)
            _log.Write($"ACPI: no usable MADT: one CPU, and no input from serial ports");
    }

    private void StartInterrupts()
    {
        LegacyPic.Mask();
        var apic = new LocalApic();
        apic.Enable(takesExternalNmi: true);
        _machine.Apic = apic;
        TrapDispatcher.Register(Vector.Kick, new KickHandler(apic));
        TrapDispatcher.Register(Vector.Error, new ErrorHandler(apic, _log));
        TrapDispatcher.Register(Vector.Spurious, new SpuriousHandler());
        if (_acpi.Madt != null)
            RouteInput(_acpi.Madt, apic);
    }

    private void RouteInput(Madt madt, LocalApic apic)
    {
        TrapDispatcher.Register(Vector.Input, new InputHandler(_machine, _ports));
        InterruptOverride input = madt.IsaInterrupt(
            _ports.GuestsPort == SerialPortChoice.Com2 ? Com2Interrupt : Com1Interrupt);
        foreach (IoApicInfo info in madt.IoApics)
        {
            var ioApic = new IoApic(info);
            if (ioApic.Has(input.GlobalInterrupt))
                ioApic.Route(input, Vector.Input, apic.Id);
        }

        _ports.EnableInput();
    }

    private void StartClocks()
    {
        ReferenceClock reference = FindReference();
        ulong before = Cpu.ReadTsc();
        _calibration = new Calibration(reference, _machine.Apic);
        _clock.CountAsWaited(before);
        ulong frequency = _calibration.RoughTscFrequency;
        _machine.Frequency = frequency;
        _machine.Timer = new CpuTimer(_machine.Apic, MostCpus, _calibration.ApicFrequency, frequency);
        _machine.WallClock = WallClock.Start(_acpi.Fadt?.CenturyRegister ?? 0);
        if (!_machine.WallClock.IsSet)
            _log.Write($"boot: the CMOS clock shows no time, it is taken for 1970");

        TrapDispatcher.Register(Vector.Timer, new TimerHandler(_machine));
        _clock.Use(_machine.Timer, frequency);
        _log.Write($"boot: clock {reference.Name} at {reference.Frequency} Hz ({_clock.Microseconds} us)");
    }

    private int MostCpus => (_acpi.Madt?.ApicIds.Length ?? 0) + 1;

    private ReferenceClock FindReference()
    {
        if (_acpi.HpetAddress != 0 && HpetClock.TryStart(_acpi.HpetAddress) is { } hpet)
            return hpet;

        if (_acpi.Fadt is { PmTimerPort: not 0 } fadt)
        {
            var timer = new PmTimer(fadt.PmTimerPort, fadt.PmTimerIsWide);
            if (timer.Moves())
                return timer;
        }

        return new PitClock();
    }

    private void StartProcessors(ulong trampolineFrame)
    {
        uint[] apicIds = new uint[MostCpus];
        int count = CpuTopology.Choose(
            _machine.Apic.Id, _acpi.Madt == null ? default : _acpi.Madt.ApicIds, ThreadBits(), UseSiblings(), _options.Cpus, apicIds);
        var trampoline = new Trampoline(_machine.Memory, trampolineFrame);
        _machine.Processors = new Processors(count, _machine.Apic, trampoline, _clock, _log);
        Panic.Stopper = new NmiStopper(_machine.Apic, _machine.Processors);
        _machine.Processors.Start(apicIds.AsSpan(1, count - 1));
        int listed = _acpi.Madt?.ApicIds.Length ?? 1;
        string mode = _machine.Apic.UsesX2Apic ? "x2APIC" : "xAPIC";
        string timer = _machine.Apic.UsesDeadline ? "deadline" : "count-down";
        _log.Write($"boot: {_machine.CpuCount} CPUs of {listed} up, {mode}, {timer} timer ({_clock.Microseconds} us)");
        if (_machine.FirstGuestCpu > 0)
            _log.Write($"boot: CPU 0 runs no guests, as QEMU mixes up its page tables: let it emulate one CPU more than guests need");
    }

    private int ThreadBits()
    {
        CpuidResult topology = Cpu.Cpuid(0).Eax >= TopologyLeaf ? Cpu.Cpuid(TopologyLeaf) : default;
        bool hasAmdLeaf = Cpu.Cpuid(0x8000_0000).Eax >= AmdTopologyLeaf;
        return CpuTopology.ThreadBits(topology, hasAmdLeaf ? Cpu.Cpuid(AmdTopologyLeaf) : default);
    }

    private Mitigations ChosenMitigations()
    {
        ProcessorFacts facts = ProcessorFacts.Read(_machine);
        if (!SpeculationPolicy.TryChoose(facts, _options.Mitigations, out Mitigations chosen))
            _log.Write($"option mitigations={_options.Mitigations} ignored: unknown measure");

        return chosen;
    }

    private bool UseSiblings() => _options.UseSiblings ?? (ChosenMitigations() & Mitigations.NoSiblings) == 0;

    private void StartVirtualization()
    {
        const uint Pages1GiB = 1 << 26;
        Mitigations mitigations = ChosenMitigations();
        _machine.Virtualization = new SvmHost(_machine, mitigations);
        _machine.Format = new Amd64NestedFormat((Cpu.Cpuid(0x8000_0001).Edx & Pages1GiB) != 0);
        for (int cpu = 0; cpu < _machine.CpuCount; cpu++)
            _machine.Processors.RunOn(cpu, _machine.Virtualization.Enable);

        _log.Write($"boot: AMD SVM, {_machine.AsidCount} address space tags, mitigations 0x{(uint)mitigations:x} ({_clock.Microseconds} us)");
    }

    private void FinishClocks()
    {
        _clock.WaitUntil(_calibration!.EarliestEnd);
        _machine.Frequency = _calibration.Finish();
        _log.Write($"boot: time stamp counter at {_machine.Frequency} Hz ({_clock.Microseconds} us)");
    }
}
