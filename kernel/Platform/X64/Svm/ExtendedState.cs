using System.Runtime;
using System.Runtime.CompilerServices;
using Microkernel.Core.Hardware;
using Microkernel.Platform.X64;

namespace Microkernel.Platform.Svm;

/// <summary>
/// The state that XSAVE switches beyond x87 and SSE (those two are in the vCPU's FXSAVE area, switched at every exit). The
/// core itself uses SSE in its legacy encoding only, which leaves the wider registers' upper parts alone: they stay the
/// guest's until another vCPU is loaded. While no vCPU is loaded all components are enabled.
/// </summary>
internal sealed unsafe class ExtendedState
{
    private const uint XsaveBit = 1u << 26; // CPUID 1 ECX
    /// <summary>XCR0 at reset, and always on a CPU without XSAVE.</summary>
    internal const ulong X87Only = 1;

    /// <summary>Reads what the CPU has.</summary>
    internal ExtendedState()
    {
        IsPresent = (Cpu.Cpuid(1).Ecx & XsaveBit) != 0;
        if (IsPresent)
        {
            CpuidResult leaf = Cpu.Cpuid(0xD);
            Components = (ulong)leaf.Edx << 32 | leaf.Eax;
            AreaSize = (int)leaf.Ecx;
        }
    }

    /// <summary>The CPU has XSAVE.</summary>
    internal bool IsPresent { get; }

    /// <summary>Every component the CPU has: a guest may enable those that CPUID does not show it, and must not leak them.</summary>
    internal ulong Components { get; } = X87Only;

    /// <summary>Bytes of an area that holds them all; aligned to 64.</summary>
    internal int AreaSize { get; }

    /// <summary>Enables XSAVE and all components on the executing CPU.</summary>
    internal void Enable()
    {
        if (IsPresent)
        {
            EnableXsave();
            WriteXcr0(Components);
        }
    }

    /// <summary>Loads a vCPU's components and its XCR0.</summary>
    internal void Load(byte* area, ulong xcr0)
    {
        ForgetX87();
        if (IsPresent)
            Load(area, Components, xcr0);
    }

    /// <summary>Saves a vCPU's components; returns its XCR0, which it may have changed without an exit (QEMU).</summary>
    internal ulong Save(byte* area) => IsPresent ? Save(area, Components) : X87Only;

    /// <summary>XCR0 of the executing CPU, with a vCPU loaded: the guest's.</summary>
    internal ulong Xcr0
    {
        get => IsPresent ? ReadXcr0() : X87Only;
        set
        {
            if (IsPresent)
                WriteXcr0(value);
        }
    }

    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "xstate_save")]
    private static extern ulong Save(byte* area, ulong components);

    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "xstate_load")]
    private static extern void Load(byte* area, ulong components, ulong xcr0);

    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "xstate_xcr0")]
    private static extern ulong ReadXcr0();

    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "xstate_set_xcr0")]
    private static extern void WriteXcr0(ulong value);

    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "xstate_enable")]
    private static extern void EnableXsave();

    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "xstate_forget_x87")]
    private static extern void ForgetX87();
}
