using System;
using System.Runtime;
using System.Runtime.CompilerServices;
using Microkernel.Core.Hardware;
using Microkernel.Platform.Paging;
using Microkernel.Platform.X64;

namespace Microkernel.Platform.Svm;

/// <summary>SVM on the host's side: what all vCPUs share, and each CPU's own part. Made once, before the first vCPU.</summary>
internal sealed unsafe class SvmHost
{
    private const int PageSize = 4096;
    private const int PortMapPages = 3;
    private const ulong EferSvme = 1UL << 12;
    private const ulong EferAutomaticIbrs = 1UL << 21;
    private const ulong VmCrDisabled = 1UL << 4;

    private readonly Machine _machine;
    private readonly ulong[] _vmcbs;

    /// <summary>
    /// Reads what the CPU has and fills the permission maps. Stops the machine if the CPU cannot run guests.
    /// </summary>
    internal SvmHost(Machine machine, Mitigations mitigations)
    {
        _machine = machine;
        _vmcbs = new ulong[machine.CpuCount];
        uint last = Cpu.Cpuid(0x8000_0000).Eax;
        CpuidResult extended = last >= 0x8000_0001 ? Cpu.Cpuid(0x8000_0001) : default;
        Features = new SvmFeatures(extended, last >= 0x8000_000A ? Cpu.Cpuid(0x8000_000A) : default);
        if (Features.Refusal is string reason)
            Environment.FailFast(reason);

        HasTscAux = (extended.Edx & 1u << 27) != 0; // RDTSCP
        Speculation = new SpeculationControls(ProcessorFacts.Read(machine), mitigations, Features.VirtualSpecCtrl);
        new Span<byte>(Allocate(PortMapPages, out ulong portMap), PortMapPages * PageSize).Fill(0xFF);
        SvmMsrMap.Fill(new Span<byte>(Allocate(SvmMsrMap.Size / PageSize, out ulong msrMap), SvmMsrMap.Size));
        PortMap = portMap;
        MsrMap = msrMap;
    }

    /// <summary>What this SVM can do; the same on all CPUs.</summary>
    internal SvmFeatures Features { get; }

    /// <summary>What exits mean, by code.</summary>
    internal ushort[] ExitTable { get; } = SvmExit.CreateTable();

    /// <summary>XSAVE.</summary>
    internal ExtendedState State { get; } = new();

    /// <summary>What is done against speculation.</summary>
    internal SpeculationControls Speculation { get; }

    /// <summary>The CPU has TSC_AUX, which RDTSCP and RDPID give to the guest.</summary>
    internal bool HasTscAux { get; }

    /// <summary>Physical address of the map that makes every port exit.</summary>
    internal ulong PortMap { get; }

    /// <summary>Physical address of the MSR permission map.</summary>
    internal ulong MsrMap { get; }

    /// <summary>The CPU that executes this.</summary>
    internal int CurrentCpu => _machine.CurrentCpu;

    /// <summary>Physical address of the control block with a CPU's own VMLOAD state.</summary>
    internal ulong HostVmcb(int cpu) => _vmcbs[cpu];

    /// <summary>
    /// Switches SVM on for the executing CPU, number <paramref name="cpu"/>. Its TR and segment bases must be final: every
    /// exit puts them back.
    /// </summary>
    internal void Enable(int cpu)
    {
        if ((Cpu.ReadMsr(Msr.VmCr) & VmCrDisabled) != 0)
            Environment.FailFast("the firmware has disabled SVM on this CPU (VM_CR.SVMDIS): enable it in its setup");

        bool automaticIbrs = (Speculation.Chosen & Mitigations.AutomaticRestriction) != 0;
        Cpu.WriteMsr(Msr.Efer, Cpu.ReadMsr(Msr.Efer) | EferSvme | (automaticIbrs ? EferAutomaticIbrs : 0));
        Allocate(1, out ulong saveArea);
        Cpu.WriteMsr(Msr.HostSaveArea, saveArea);
        Allocate(1, out _vmcbs[cpu]);
        SaveHostState(_vmcbs[cpu]);
        State.Enable();
        Speculation.Enable();
    }

    /// <summary>Makes zeroed pages that follow each other in physical memory; says where they are there.</summary>
    // Sound: the pages stay mapped for good.
    internal static byte* Allocate(int pages, out ulong physical)
    {
        byte* result = HostSpace.AllocatePages(pages);
        physical = HostSpace.PhysicalAddress(result);
        return result;
    }

    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "svm_vmsave")]
    private static extern void SaveHostState(ulong vmcb);
}
