using System;
using System.Collections.Generic;
using Microkernel.Core.Hardware;

namespace Microkernel.Core.Tests.Fakes;

/// <summary>A virtual CPU that runs nothing: a test sets its state and looks at what was asked of it. Starts in 64-bit mode without paging.</summary>
public sealed class FakeVcpuHardware : VcpuHardware
{
    private GuestRegisters _registers;

    public override ref GuestRegisters Registers => ref _registers;

    public ulong Cr0Value { get; set; } = 1;

    public ulong Cr3Value { get; set; }

    public ulong Cr4Value { get; set; }

    public int CplValue { get; set; }

    public bool Is64BitCodeValue { get; set; } = true;

    public bool CanTakeInterruptValue { get; set; } = true;

    public bool CanTakeNmiValue { get; set; } = true;

    public bool InterruptFlagValue { get; set; } = true;

    public bool InterruptWindowRequested { get; private set; }

    public ulong NestedRootValue { get; private set; }

    public VcpuContext Context { get; private set; }

    public int Resets { get; private set; }

    /// <summary>Vectors injected, in order; an NMI is 2, an exception its number.</summary>
    public List<byte> Injected { get; } = [];

    public Dictionary<uint, ulong> Msrs { get; } = [];

    /// <summary>It takes every MSR that is written, as if it kept all of them.</summary>
    public bool KeepsMsrs { get; set; } = true;

    /// <summary>What happens while the guest runs; it ends with a host interrupt.</summary>
    public Action? OnRun { get; set; }

    /// <summary>Instructions skipped.</summary>
    public int Skipped { get; private set; }

    public override ulong Cr0 => Cr0Value;

    public override ulong Cr2 { get; set; }

    public override ulong Cr3 => Cr3Value;

    public override ulong Cr4 => Cr4Value;

    public override ulong Efer { get; set; } = 0x500;

    public override int Cpl => CplValue;

    public override bool Is64BitCode => Is64BitCodeValue;

    public override bool Is32BitCode => !Is64BitCodeValue;

    public override ulong CodeBase => 0;

    public override bool CanTakeInterrupt => CanTakeInterruptValue;

    public override bool CanTakeNmi => CanTakeNmiValue;

    public override bool InterruptFlag => InterruptFlagValue;

    public bool IsInShadowValue { get; set; }

    public override bool IsInShadow => IsInShadowValue;

    public override bool InterruptWindow
    {
        set => InterruptWindowRequested = value;
    }

    public byte TaskPriorityValue { get; private set; }

    public override byte TaskPriority
    {
        set => TaskPriorityValue = value;
    }

    public override ulong TscOffset { get; set; }

    public override ulong NestedRoot
    {
        set => NestedRootValue = value;
    }

    public override ulong Xcr0 { get; set; } = 1;

    public override void Reset(in VcpuContext context)
    {
        Context = context;
        _registers = context.Registers;
        Cr0Value = context.Cr0;
        Cr3Value = context.Cr3;
        Cr4Value = context.Cr4;
        Efer = context.Efer;
        Resets++;
    }

    public override void GetContext(out VcpuContext context) => context = Context with { Registers = _registers };

    public override ExitReason Run(uint asid, bool flushAsid)
    {
        OnRun?.Invoke();
        return ExitReason.HostInterrupt;
    }

    public override void SkipInstruction(in VmExit exit) => Skipped++;

    public override void InjectInterrupt(byte vector) => Injected.Add(vector);

    public override void InjectNmi() => Injected.Add(2);

    public override void InjectException(byte vector) => Injected.Add(vector);

    public override void InjectException(byte vector, uint errorCode) => Injected.Add(vector);

    public override bool TryReadMsr(uint index, out ulong value) => Msrs.TryGetValue(index, out value);

    public override bool TryWriteMsr(uint index, ulong value)
    {
        if (KeepsMsrs)
        {
            Msrs[index] = value;
        }

        return KeepsMsrs;
    }

    public override void Load()
    {
    }

    public override void Unload()
    {
    }
}
