using System;
using System.Runtime;
using System.Runtime.CompilerServices;
using Microkernel.Core.Hardware;
using Microkernel.Platform.X64;

namespace Microkernel.Platform.Svm;

/// <summary>
/// A virtual CPU on AMD SVM. Its memory is one run of pages that never moves: the control block, what the world switch
/// works on, and the XSAVE area. General registers are kept in the entry block between runs and everything else in the
/// control block.
/// </summary>
internal sealed unsafe class SvmVcpu : VcpuHardware
{
    private const int PageSize = 4096;
    private const ulong Dr6SingleStep = 1UL << 14;
    private const ulong EferLma = 1UL << 10;
    private const ulong EferSvme = 1UL << 12;
    private const ulong TrapFlag = 1UL << 8;
    private const ulong InterruptEnable = 1UL << 9;
    private const ushort CodeIs64Bit = 1 << 9;
    private const ushort CodeIs32Bit = 1 << 10;
    private const uint WritesOfCr8 = 1u << 24;
    private const byte DebugVector = 1;
    private const byte AlignmentCheckVector = 17;
    private const ushort PauseCount = 3000;
    private const ushort PauseThreshold = 128;

    // Sound, for every use of these three: the constructor points them at disjoint parts of pages that belong to this
    // vCPU for good, sized and aligned for what they point to.
    private readonly SvmEntryBlock* _block;
    private readonly VmcbControl* _control;
    private readonly VmcbSave* _save;

    private readonly SvmHost _host;
    private readonly SwitchedState _switched;
    private readonly bool _hasNextRip;
    private readonly bool _hasVirtualNmi;
    private readonly VmcbClean _cleanAfterExit;
    private readonly TlbControl _flush;
    private readonly ushort[] _exitTable;
    private int _cpu = -1;
    private bool _isNmiMasked;

    /// <summary>Makes a vCPU. It can be loaded; it runs after the first <see cref="Reset"/>.</summary>
    internal SvmVcpu(SvmHost host)
    {
        _host = host;
        _hasNextRip = host.Features.NextRip;
        _hasVirtualNmi = host.Features.VirtualNmi;
        _cleanAfterExit = host.Features.CleanBits ? VmcbClean.All : VmcbClean.None;
        _flush = host.Features.FlushCommand;
        _exitTable = host.ExitTable;
        int size = PageSize + sizeof(SvmEntryBlock) + host.State.AreaSize;
        byte* memory = SvmHost.Allocate((size + PageSize - 1) / PageSize, out ulong physical);
        _control = &((Vmcb*)memory)->Control;
        _save = &((Vmcb*)memory)->Save;
        _block = (SvmEntryBlock*)(memory + PageSize);
        _block->Vmcb = physical;
        _block->HostMxcsr = SwitchedState.DefaultMxcsr;
        _switched = new SwitchedState(host, _block, memory + PageSize + sizeof(SvmEntryBlock));
        InitializeControl();
    }

    /// <inheritdoc/>
    public override ref GuestRegisters Registers => ref _block->Registers;

    /// <inheritdoc/>
    public override ulong Cr0 => _save->Cr0;

    /// <inheritdoc/>
    public override ulong Cr2
    {
        get => _save->Cr2;
        set
        {
            _save->Cr2 = value;
            Changed(VmcbClean.Cr2);
        }
    }

    /// <inheritdoc/>
    public override ulong Cr3 => _save->Cr3;

    /// <inheritdoc/>
    public override ulong Cr4 => _save->Cr4;

    /// <inheritdoc/>
    public override ulong Efer
    {
        get => _save->Efer & ~EferSvme;
        set
        {
            _save->Efer = (value & ~EferLma) | (_save->Efer & EferLma) | EferSvme;
            Changed(VmcbClean.ControlRegisters);
        }
    }

    /// <inheritdoc/>
    public override int Cpl => _save->Cpl;

    /// <inheritdoc/>
    public override bool Is64BitCode
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (_save->Cs.Attributes & CodeIs64Bit) != 0 && (_save->Efer & EferLma) != 0;
    }

    /// <inheritdoc/>
    public override bool Is32BitCode => (_save->Cs.Attributes & CodeIs32Bit) != 0;

    /// <inheritdoc/>
    public override ulong CodeBase => Is64BitCode ? 0 : _save->Cs.Base;

    /// <inheritdoc/>
    public override bool CanTakeInterrupt
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => InterruptFlag && !IsHeldBack;
    }

    /// <inheritdoc/>
    public override bool CanTakeNmi =>
        _hasVirtualNmi
            ? (_control->VirtualInterrupt & VirtualInterrupt.NmiPending) == 0
            : !_isNmiMasked && !IsHeldBack;

    /// <inheritdoc/>
    public override bool InterruptFlag
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (_block->Registers.Rflags & InterruptEnable) != 0;
    }

    /// <inheritdoc/>
    public override bool IsInShadow => _control->InterruptShadow != 0 && !SvmEvent.IsValid(_control->EventInjection);

    /// <inheritdoc/>
    public override bool InterruptWindow
    {
        set => InterruptInjection.SetWindow(ref *_control, value);
    }

    /// <inheritdoc/>
    public override byte TaskPriority
    {
        set
        {
            _control->VirtualInterrupt =
                (_control->VirtualInterrupt & ~VirtualInterrupt.TaskPriority) | ((VirtualInterrupt)value & VirtualInterrupt.TaskPriority);
            Changed(VmcbClean.VirtualInterrupt);
        }
    }

    /// <inheritdoc/>
    public override ulong TscOffset
    {
        get => _control->TscOffset;
        set
        {
            _control->TscOffset = value;
            Changed(VmcbClean.Intercepts);
        }
    }

    /// <inheritdoc/>
    public override ulong NestedRoot
    {
        set
        {
            _control->NestedCr3 = value << PhysicalMemory.FrameShift;
            Changed(VmcbClean.NestedPaging);
        }
    }

    /// <inheritdoc/>
    public override ulong Xcr0
    {
        get => _switched.Xcr0;
        set => _switched.Xcr0 = value;
    }

    private bool IsHeldBack => InterruptInjection.IsHeldBack(in *_control);

    /// <inheritdoc/>
    public override void Reset(in VcpuContext context)
    {
        _block->Registers = context.Registers;
        _save->Reset(in context);
        _save->Efer |= EferSvme;
        _switched.Reset();
        ResetEvents();
        _host.Speculation.ResetGuest(ref *_block, ref *_save);
        Changed(VmcbClean.All);
    }

    /// <inheritdoc/>
    public override void GetContext(out VcpuContext context)
    {
        _save->Get(out context);
        context.Registers = _block->Registers;
        context.Efer = Efer;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public override ExitReason Run(uint asid, bool flushAsid)
    {
        VmcbControl* control = _control;
        if (control->Asid != asid)
        {
            control->Asid = asid;
            Changed(VmcbClean.Asid);
        }

        control->TlbControl = flushAsid ? _flush : TlbControl.None;
        Enter(_block);
        control->Clean = _cleanAfterExit;
        if (SvmEvent.IsValid(control->ExitInterruptInfo | control->EventInjection))
            InterruptInjection.Redeliver(ref *control);

        ref VmExit exit = ref Exit;
        return SvmExit.TryDecodeQuickly(*control, in _block->Registers.Rip, _hasNextRip, _exitTable, ref exit)
            ? exit.Reason
            : DecodeSlowly(ref exit);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public override void SkipInstruction(in VmExit exit)
    {
        _block->Registers.Rip += (uint)exit.InstructionLength;
        _control->InterruptShadow = 0;
        if ((_block->Registers.Rflags & TrapFlag) != 0)
            ReportStep();
    }

    private void ReportStep()
    {
        _save->Dr6 |= Dr6SingleStep;
        Changed(VmcbClean.DebugRegisters);
        InjectException(DebugVector);
    }

    /// <inheritdoc/>
    public override void InjectInterrupt(byte vector) => InterruptInjection.Choose(ref *_control, vector);

    /// <inheritdoc/>
    public override void InjectNmi()
    {
        if (_hasVirtualNmi)
        {
            _control->VirtualInterrupt |= VirtualInterrupt.NmiPending;
            Changed(VmcbClean.VirtualInterrupt);
            return;
        }

        _control->EventInjection = SvmEvent.Nmi;
        MaskNmi(true);
    }

    /// <inheritdoc/>
    public override void InjectException(byte vector) => Raise(SvmEvent.Exception(vector));

    /// <inheritdoc/>
    public override void InjectException(byte vector, uint errorCode) => Raise(SvmEvent.Exception(vector, errorCode));

    /// <inheritdoc/>
    public override bool TryReadMsr(uint index, out ulong value)
    {
        switch (index)
        {
            case Msr.SpecCtrl:
                value = _block->GuestSpecCtrl;
                return _host.Speculation.SpecCtrlBits != 0;
            case Msr.TscAux:
                value = _switched.TscAux;
                return _host.HasTscAux;
            default:
                return GuestMsrs.TryRead(ref *_save, index, out value);
        }
    }

    /// <inheritdoc/>
    public override bool TryWriteMsr(uint index, ulong value)
    {
        switch (index)
        {
            case Msr.SpecCtrl:
                return _host.Speculation.TryWriteSpecCtrl(ref *_block, ref *_save, value);
            case Msr.PredictionCommand:
                return _host.Speculation.TryWritePredictionCommand(value);
            case Msr.TscAux:
                return _switched.TryWriteTscAux(value);
            default:
                Changed(VmcbClean.NestedPaging | VmcbClean.Segments);
                return GuestMsrs.TryWrite(ref *_save, index, value);
        }
    }

    /// <inheritdoc/>
    public override void Load()
    {
        int cpu = _host.CurrentCpu;
        if (_cpu != cpu)
        {
            _cpu = cpu;
            _block->HostVmcb = _host.HostVmcb(cpu);
            Changed(VmcbClean.All);
        }

        _switched.Load();
    }

    /// <inheritdoc/>
    public override void Unload() => _switched.Unload();

    private void InitializeControl()
    {
        _control->InterceptControlRegisters = WritesOfCr8;
        _control->InterceptExceptions = ExceptionIntercepts.Always;
        _control->Intercepts1 = Intercepts1.Always;
        _control->Intercepts2 = Intercepts2.Always;
        _control->Intercepts3 = Intercepts3.Always;
        _control->PortMap = _host.PortMap;
        _control->MsrMap = _host.MsrMap;
        _control->NestedControl = 1;
        if (_host.Features.PauseFilter)
        {
            _control->Intercepts1 |= Intercepts1.Pause;
            _control->PauseFilterCount = PauseCount;
            _control->PauseFilterThreshold = PauseThreshold;
        }
    }

    private void ResetEvents()
    {
        InterruptWindow = false;
        MaskNmi(false);
        _control->EventInjection = 0;
        _control->InterruptShadow = 0;
        _control->VirtualInterrupt = VirtualInterrupt.Masking | (_hasVirtualNmi ? VirtualInterrupt.NmiEnable : 0);
    }

    private ExitReason DecodeSlowly(ref VmExit exit)
    {
        SvmExit.Decode(*_control, _block->Registers.Rip, _hasNextRip, ref exit);
        switch ((uint)exit.RawCode)
        {
            case SvmExitCode.VirtualInterrupt:
                InterruptWindow = false;
                break;
            case SvmExitCode.Iret:
                // The IRET has not been executed yet; the shadow holds the next NMI back until it has.
                MaskNmi(false);
                _control->InterruptShadow = 1;
                break;
            case SvmExitCode.DebugException:
                Reflect(SvmEvent.Exception(DebugVector));
                break;
            case SvmExitCode.AlignmentCheck:
                Reflect(SvmEvent.Exception(AlignmentCheckVector, 0));
                break;
            case SvmExitCode.MachineCheck:
                Environment.FailFast("machine check while a guest ran");
                break;
        }

        return exit.Reason;
    }

    private void MaskNmi(bool mask)
    {
        _isNmiMasked = mask;
        _control->Intercepts1 = mask
            ? _control->Intercepts1 | Intercepts1.Iret
            : _control->Intercepts1 & ~Intercepts1.Iret;
        Changed(VmcbClean.Intercepts);
    }

    private void Raise(ulong raised) => _control->EventInjection = SvmEvent.Combine(_control->EventInjection, raised);

    // An event whose delivery raised the exception goes first; it will raise the exception again.
    private void Reflect(ulong raised)
    {
        if (!SvmEvent.IsValid(_control->EventInjection))
            _control->EventInjection = raised;
    }

    private void Changed(VmcbClean parts) => _control->Clean &= ~parts;

    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "svm_enter")]
    private static extern void Enter(SvmEntryBlock* block);
}
