using System;

namespace Microkernel.Core.Hardware;

/// <summary>What the core needs of the machine beyond memory and virtual CPUs. One instance; CPUs are numbered from 0.</summary>
public abstract class Machine
{
    /// <summary>Number of physical CPUs that are up.</summary>
    public abstract int CpuCount { get; }

    /// <summary>The first CPU that may run guests: those before it do the core's other work only.</summary>
    public virtual int FirstGuestCpu => 0;

    /// <summary>The CPU that executes this.</summary>
    public abstract int CurrentCpu { get; }

    /// <summary>Frequency of the time stamp counter in Hz.</summary>
    public abstract ulong TscFrequency { get; }

    /// <summary>Physical memory.</summary>
    public abstract PhysicalMemory Memory { get; }

    /// <summary>The nested page tables' entry format.</summary>
    public abstract PageTableFormat NestedFormat { get; }

    /// <summary>Address space tags (ASID, VPID) of a CPU: guests use 1 to this number - 1.</summary>
    public abstract uint AsidCount { get; }

    /// <summary>The time stamp counter; the same on all CPUs.</summary>
    public abstract ulong ReadTsc();

    /// <summary>Wall-clock time in nanoseconds since 1970 (UTC).</summary>
    public abstract ulong ReadWallClock();

    /// <summary>
    /// Programs this CPU's one-shot timer; <c>Dispatcher.OnTimer</c> is called when the counter reaches
    /// <paramref name="tscDeadline"/>. <see cref="ulong.MaxValue"/> switches it off.
    /// </summary>
    public abstract void SetTimer(ulong tscDeadline);

    /// <summary>Makes CPU <paramref name="cpu"/> leave guest mode or idle and look at its work again.</summary>
    public abstract void SendKick(int cpu);

    /// <summary>Waits for an interrupt with interrupts enabled; returns with them disabled.</summary>
    public abstract void Idle();

    /// <summary>
    /// Does what the CPU needs before a vCPU of another domain than the last one runs on it (branch predictor barrier,
    /// buffers), as the mitigation policy chose at start.
    /// </summary>
    public abstract void SpeculationBarrier();

    /// <summary>Creates one virtual CPU. Only during start-up: it allocates.</summary>
    public abstract VcpuHardware CreateVcpu();

    /// <summary>Executes CPUID on the host.</summary>
    public abstract CpuidResult Cpuid(uint leaf, uint subleaf);

    /// <summary>Writes text to the core's log (the debug UART).</summary>
    public abstract void WriteLog(ReadOnlySpan<byte> text);

    /// <summary>Writes bytes to the UART that carries the guests' consoles.</summary>
    public abstract void WriteConsole(ReadOnlySpan<byte> bytes);

    /// <summary>Takes one byte of console input if there is any.</summary>
    public abstract bool TryReadConsole(out byte value);

    /// <summary>
    /// Finds the memory of a PCI device by its id (vendor in the lower, device in the upper half) and the number of a base address register;
    /// false if there is none. Only during start-up.
    /// </summary>
    public virtual bool TryFindDevice(uint id, int bar, out ulong address, out ulong size)
    {
        address = size = 0;
        return false;
    }

    /// <summary>Where what is kept of the core's log begins, counted in bytes from its own beginning and round 2^32.</summary>
    public virtual uint LogStart => 0;

    /// <summary>Copies the log from <paramref name="index"/> on, or from its start if that is later, and moves the index on.</summary>
    public virtual int ReadLog(ref uint index, Span<byte> bytes) => 0;

    /// <summary>Forgets what is kept of the log before <paramref name="index"/>.</summary>
    public virtual void ForgetLog(uint index)
    {
    }

    /// <summary>The first domain is about to execute its first instruction: start-up is over.</summary>
    public virtual void FirstDomainStarts()
    {
    }

    /// <summary>Stops the machine with a report; never returns.</summary>
    public abstract void Panic(string reason);
}
