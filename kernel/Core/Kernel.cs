using Microkernel.Core.Boot;
using Microkernel.Core.Console;
using Microkernel.Core.Dispatch;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Logging;
using Microkernel.Core.Memory;
using Microkernel.Core.Time;

namespace Microkernel.Core;

/// <summary>The trusted core: everything it knows, made once at start.</summary>
public sealed class Kernel
{
    /// <summary>Makes the parts that need no manifest. Only during start-up: it allocates.</summary>
    public Kernel(Machine machine, BootInformation boot)
    {
        Machine = machine;
        Boot = boot;
        Log = new Log(machine);
        Clock = new Clock(machine);
        Memory = boot.Memory;
        Cpus = new PhysicalCpu[machine.CpuCount];
        for (int i = 0; i < Cpus.Length; i++)
            Cpus[i] = new PhysicalCpu(i, machine, boot.Memory.Cpus[i]);

        Dispatcher = new Dispatcher(this);
        Plan = new SchedulingPlan(this);
        LifeCycle = new LifeCycle(this);
        Domains = new DomainTable();
        Consoles = new ConsoleMultiplexer(this);
    }

    /// <summary>The machine.</summary>
    public Machine Machine { get; }

    /// <summary>What the boot loader handed over.</summary>
    public BootInformation Boot { get; }

    /// <summary>The core's log.</summary>
    public Log Log { get; }

    /// <summary>System time.</summary>
    public Clock Clock { get; }

    /// <summary>Who owns which frame, and the free ones.</summary>
    public HostMemory Memory { get; }

    /// <summary>The physical CPUs.</summary>
    public PhysicalCpu[] Cpus { get; }

    /// <summary>Runs vCPUs.</summary>
    public Dispatcher Dispatcher { get; }

    /// <summary>What policy and operator have said of all vCPUs.</summary>
    public SchedulingPlan Plan { get; }

    /// <summary>Builds and takes down domains, in pieces between slices.</summary>
    public LifeCycle LifeCycle { get; }

    /// <summary>The domains.</summary>
    public DomainTable Domains { get; }

    /// <summary>The guests' consoles on one UART.</summary>
    public ConsoleMultiplexer Consoles { get; }

    /// <summary>Console input has arrived. Called by the interrupt handler of the UART.</summary>
    public void OnConsoleInput() => Consoles.OnInput();

    /// <summary>The CPU that executes this.</summary>
    public PhysicalCpu ThisCpu => Cpus[Machine.CurrentCpu];

    /// <summary>The CPU on which vCPU <paramref name="vcpu"/> of a domain is first.</summary>
    public PhysicalCpu HomeOf(int vcpu)
    {
        int first = Machine.FirstGuestCpu;
        return Cpus[first + (vcpu % (Cpus.Length - first))];
    }

    /// <summary>
    /// Makes a slot for every domain of the manifest and <paramref name="slots"/> more, and room for all vCPUs, of which
    /// <paramref name="slotVcpus"/> are for those more and for services, and for timers. Afterwards nothing allocates any more.
    /// </summary>
    public void Prepare(DomainConfig[] configs, int slots = 0, int slotVcpus = 0)
    {
        int vcpus = 0;
        bool needsPool = slots != 0;
        foreach (DomainConfig config in configs)
        {
            vcpus += config.IsService ? 0 : config.VcpuCount;
            needsPool |= config.IsService;
        }

        slotVcpus = needsPool ? slotVcpus : 0;
        vcpus += slotVcpus;
        Domains.Create(this, configs, slots, slotVcpus);

        foreach (PhysicalCpu cpu in Cpus)
        {
            cpu.Schedule = new CpuSchedule(cpu.Index, vcpus, Machine.TscFrequency);
            cpu.Timers.Reserve((vcpus * VcpuTimers.PerVcpu) + (Domains.Slots.Length * Watchdogs.PerDomain));
        }

        Plan.Reserve(vcpus);
    }
}
