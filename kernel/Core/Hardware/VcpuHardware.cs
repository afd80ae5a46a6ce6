namespace Microkernel.Core.Hardware;

/// <summary>
/// One virtual CPU, whatever the vendor's extension: SVM now, VT-x later. Between two runs its registers can be read and
/// changed. An event that an exit interrupted while it was being delivered is delivered again by the implementation.
/// </summary>
public abstract class VcpuHardware
{
    private VmExit _exit;

    /// <summary>The details of the last exit; the implementation fills in what the reason calls for.</summary>
    public ref VmExit Exit => ref _exit;

    /// <summary>General registers, instruction pointer and flags; valid between runs.</summary>
    public abstract ref GuestRegisters Registers { get; }

    /// <summary>Control registers and EFER as the guest sees them.</summary>
    public abstract ulong Cr0 { get; }

    /// <summary>CR2; written before a page fault is injected.</summary>
    public abstract ulong Cr2 { get; set; }

    /// <summary>CR3.</summary>
    public abstract ulong Cr3 { get; }

    /// <summary>CR4.</summary>
    public abstract ulong Cr4 { get; }

    /// <summary>EFER as the guest sees it. Setting it: the caller has checked the value.</summary>
    public abstract ulong Efer { get; set; }

    /// <summary>Current privilege level, 0 to 3.</summary>
    public abstract int Cpl { get; }

    /// <summary>The vCPU executes 64-bit code (long mode with a 64-bit code segment).</summary>
    public abstract bool Is64BitCode { get; }

    /// <summary>The code segment's default operand size is 32 bits (meaningless in 64-bit code).</summary>
    public abstract bool Is32BitCode { get; }

    /// <summary>Base of the code segment (0 in 64-bit code).</summary>
    public abstract ulong CodeBase { get; }

    /// <summary>Interrupts are enabled and not held back by STI, MOV SS or an event already chosen for injection.</summary>
    public abstract bool CanTakeInterrupt { get; }

    /// <summary>No NMI is being served and no event is chosen for injection.</summary>
    public abstract bool CanTakeNmi { get; }

    /// <summary>RFLAGS.IF, whatever else holds interrupts back.</summary>
    public abstract bool InterruptFlag { get; }

    /// <summary>After an exit that is no instruction's: the next instruction is in the shadow of STI or MOV SS.</summary>
    public abstract bool IsInShadow { get; }

    /// <summary>Ask for an <see cref="ExitReason.InterruptWindow"/> exit once interrupts can be taken.</summary>
    public abstract bool InterruptWindow { set; }

    /// <summary>What the guest reads from CR8, 0 to 15. It writes CR8 with <see cref="ExitReason.WriteTaskPriority"/>.</summary>
    public abstract byte TaskPriority { set; }

    /// <summary>What is added to the host's time stamp counter to give the guest's.</summary>
    public abstract ulong TscOffset { get; set; }

    /// <summary>Frame of the root of the nested page table.</summary>
    public abstract ulong NestedRoot { set; }

    /// <summary>Extended control register 0 as the guest set it.</summary>
    public abstract ulong Xcr0 { get; set; }

    /// <summary>Puts the vCPU into the given state; everything else (FPU, debug registers, MSRs) is as after power-on.</summary>
    public abstract void Reset(in VcpuContext context);

    /// <summary>The state that <see cref="Reset"/> would take to put it back here (for VCPUOP and diagnosis).</summary>
    public abstract void GetContext(out VcpuContext context);

    /// <summary>
    /// Enters the guest until the next exit. <paramref name="asid"/> tags its translations;
    /// <paramref name="flushAsid"/> drops those that the CPU still holds under that tag.
    /// </summary>
    public abstract ExitReason Run(uint asid, bool flushAsid);

    /// <summary>Moves past the exiting instruction and ends the shadow of STI or MOV SS.</summary>
    public abstract void SkipInstruction(in VmExit exit);

    /// <summary>Chooses an external interrupt for injection at the next run; <see cref="CanTakeInterrupt"/> must hold.</summary>
    public abstract void InjectInterrupt(byte vector);

    /// <summary>Chooses an NMI for injection at the next run; <see cref="CanTakeNmi"/> must hold.</summary>
    public abstract void InjectNmi();

    /// <summary>Chooses an exception without error code for injection at the next run.</summary>
    public abstract void InjectException(byte vector);

    /// <summary>Chooses an exception with error code for injection at the next run.</summary>
    public abstract void InjectException(byte vector, uint errorCode);

    /// <summary>Reads an MSR that the implementation keeps for the guest; false if it is none of those.</summary>
    public abstract bool TryReadMsr(uint index, out ulong value);

    /// <summary>Writes such an MSR; false if it is none of those or the value is not allowed (#GP).</summary>
    public abstract bool TryWriteMsr(uint index, ulong value);

    /// <summary>The dispatcher puts this vCPU on the executing CPU: FPU, XCR0 and debug registers are loaded.</summary>
    public abstract void Load();

    /// <summary>The dispatcher takes this vCPU from the executing CPU: its state is saved.</summary>
    public abstract void Unload();
}
