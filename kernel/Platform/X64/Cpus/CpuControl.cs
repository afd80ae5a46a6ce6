using Microkernel.Platform.X64;

namespace Microkernel.Platform.Cpus;

/// <summary>Switches on what protects the core from itself, on the CPU that executes this.</summary>
internal static class CpuControl
{
    private const uint Efer = 0xC000_0080;
    private const ulong EferNoExecute = 1 << 11;
    private const ulong UserModeInstructionPrevention = 1 << 11;
    private const ulong SupervisorExecutionPrevention = 1 << 20;
    private const ulong SupervisorAccessPrevention = 1 << 21;

    /// <summary>Whether the CPU knows pages that code does not run from.</summary>
    internal static bool HasNoExecute => (Cpu.Cpuid(0x8000_0001).Edx & 1 << 20) != 0;

    /// <summary>To be called before the CPU uses the host's page tables. CR0.WP is on since Boot.S.</summary>
    internal static void Enable()
    {
        if (HasNoExecute)
            Cpu.WriteMsr(Efer, Cpu.ReadMsr(Efer) | EferNoExecute);

        ulong control = Cpu.ReadCr4();
        if (Cpu.Cpuid(0).Eax >= 7)
        {
            var features = Cpu.Cpuid(7);
            control |= (features.Ebx & 1 << 7) != 0 ? SupervisorExecutionPrevention : 0;
            control |= (features.Ebx & 1 << 20) != 0 ? SupervisorAccessPrevention : 0;
            control |= (features.Ecx & 1 << 2) != 0 ? UserModeInstructionPrevention : 0;
        }

        Cpu.WriteCr4(control);
    }
}
