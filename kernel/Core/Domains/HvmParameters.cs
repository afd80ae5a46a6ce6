using System;

namespace Microkernel.Core.Domains;

/// <summary>The HVM_PARAM_* values of a domain (xen/hvm/params.h).</summary>
public sealed class HvmParameters
{
    /// <summary>Number of parameters: HVM_NR_PARAMS.</summary>
    public const int Count = 39;

    /// <summary>HVM_PARAM_CALLBACK_IRQ: how upcalls are delivered; the top byte says in which of the ways.</summary>
    public const int CallbackIrq = 0;

    private readonly ulong[] _values = new ulong[Count];

    /// <summary>The value of a parameter; the index is below <see cref="Count"/>.</summary>
    public ulong this[int index]
    {
        get => _values[index];
        set => _values[index] = value;
    }

    /// <summary>All zero, as for a new domain.</summary>
    public void Reset() => _values.AsSpan().Clear();
}
