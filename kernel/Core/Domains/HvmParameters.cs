using System;

namespace Microkernel.Core.Domains;

/// <summary>The HVM_PARAM_* values of a domain (xen/hvm/params.h).</summary>
public sealed class HvmParameters
{
    /// <summary>Number of parameters: HVM_NR_PARAMS.</summary>
    public const int Count = 39;

    /// <summary>HVM_PARAM_CALLBACK_IRQ.</summary>
    public const int CallbackIrq = 0;

    /// <summary>HVM_PARAM_STORE_PFN.</summary>
    public const int StorePfn = 1;

    /// <summary>HVM_PARAM_STORE_EVTCHN.</summary>
    public const int StoreEventChannel = 2;

    /// <summary>HVM_PARAM_CONSOLE_PFN.</summary>
    public const int ConsolePfn = 17;

    /// <summary>HVM_PARAM_CONSOLE_EVTCHN.</summary>
    public const int ConsoleEventChannel = 18;

    private readonly ulong[] _values = new ulong[Count];

    /// <summary>The value of a parameter; the index is below <see cref="Count"/>.</summary>
    public ulong this[int index]
    {
        get => _values[index];
        set => _values[index] = value;
    }

    /// <summary>The vector on which every vCPU gets its upcall; 0 while the guest has not set one (HVM_PARAM_CALLBACK_TYPE_VECTOR).</summary>
    public byte CallbackVector { get; set; }

    /// <summary>All zero, as for a new domain.</summary>
    public void Reset()
    {
        _values.AsSpan().Clear();
        CallbackVector = 0;
    }
}
