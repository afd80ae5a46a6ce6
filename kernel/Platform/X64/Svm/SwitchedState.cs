using System;
using System.Runtime;
using System.Runtime.CompilerServices;
using Microkernel.Platform.X64;

namespace Microkernel.Platform.Svm;

/// <summary>
/// The part of a vCPU's state that stays in the CPU between an exit and the next entry and is switched only when another
/// vCPU is loaded: what XSAVE keeps beyond x87 and SSE, XCR0, the breakpoint addresses, TSC_AUX. Also resets x87 and SSE.
/// </summary>
internal sealed unsafe class SwitchedState
{
    /// <summary>MXCSR with all exceptions masked.</summary>
    internal const uint DefaultMxcsr = 0x1F80;

    private const ushort FcwAtReset = 0x40;
    private const int MxcsrOffset = 24;

    // Sound, for every use of these two: they are the vCPU's own entry block and, behind it, its XSAVE area of the size
    // that the CPU asks for; both stay where they are.
    private readonly SvmEntryBlock* _block;
    private readonly byte* _area;

    private readonly SvmHost _host;
    private ulong _xcr0;
    private ulong _tscAux;
    private bool _isLoaded;

    /// <summary>The state after power-on.</summary>
    internal SwitchedState(SvmHost host, SvmEntryBlock* block, byte* area)
    {
        _host = host;
        _block = block;
        _area = area;
        Reset();
    }

    /// <summary>The guest's XCR0. A loaded guest's is in the register: QEMU lets XSETBV change it without an exit.</summary>
    internal ulong Xcr0
    {
        get => _isLoaded ? _host.State.Xcr0 : _xcr0;
        set
        {
            _xcr0 = value;
            if (_isLoaded)
                _host.State.Xcr0 = value;
        }
    }

    /// <summary>The guest's TSC_AUX.</summary>
    internal ulong TscAux => _tscAux;

    /// <summary>Sets TSC_AUX of a loaded guest; false if the CPU has none or it does not take the value.</summary>
    internal bool TryWriteTscAux(ulong value)
    {
        if (!_host.HasTscAux || value > uint.MaxValue)
            return false;

        _tscAux = value;
        Cpu.WriteMsr(Msr.TscAux, value);
        return true;
    }

    /// <summary>As after power-on, also if it is loaded.</summary>
    internal void Reset()
    {
        new Span<byte>(&_block->Fcw, (int)((byte*)(_block + 1) - (byte*)&_block->Fcw)).Clear();
        new Span<byte>(_area, _host.State.AreaSize).Clear();
        _block->Fcw = FcwAtReset;
        _block->Mxcsr = DefaultMxcsr;
        _block->DebugAddresses = default;
        if (_host.State.IsPresent)
        {
            // XRSTOR loads MXCSR from here for the core.
            *(uint*)(_area + MxcsrOffset) = DefaultMxcsr;
        }

        _xcr0 = ExtendedState.X87Only;
        _tscAux = 0;
        if (_isLoaded)
            Load();
    }

    /// <summary>Puts the state into the executing CPU.</summary>
    internal void Load()
    {
        _isLoaded = true;
        _host.State.Load(_area, _xcr0);
        LoadDebug(&_block->DebugAddresses);
        if (_host.HasTscAux)
            Cpu.WriteMsr(Msr.TscAux, _tscAux);
    }

    /// <summary>Takes the state out of the executing CPU.</summary>
    internal void Unload()
    {
        _xcr0 = _host.State.Save(_area);
        SaveDebug(&_block->DebugAddresses);
        _isLoaded = false;
    }

    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "debug_save")]
    private static extern void SaveDebug(DebugAddresses* registers);

    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "debug_load")]
    private static extern void LoadDebug(DebugAddresses* registers);
}
