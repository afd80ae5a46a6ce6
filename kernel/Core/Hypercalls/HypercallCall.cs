using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;
using Microkernel.Core.Memory;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Hypercalls;

/// <summary>A hypercall under way: who calls, the arguments (copied from the registers once), and access to the caller's memory.</summary>
public ref struct HypercallCall
{
    /// <summary>Arguments, zero-extended for 32-bit callers. A handler that continues later changes them first.</summary>
    public ulong Arg0;
    public ulong Arg1;
    public ulong Arg2;
    public ulong Arg3;
    public ulong Arg4;
    public ulong Arg5;

    /// <summary>A call by <paramref name="vcpu"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public HypercallCall(Vcpu vcpu, bool is32)
    {
        Vcpu = vcpu;
        Is32 = is32;
    }

    /// <summary>The caller.</summary>
    public readonly Vcpu Vcpu { get; }

    /// <summary>The operation that the first argument names, for a switch; <see cref="GuestChoice.None"/> for numbers that no hypercall has.</summary>
    public readonly uint Operation
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => GuestChoice.Bound((uint)Arg0);
    }

    /// <summary>The caller's domain.</summary>
    public readonly Domain Domain => Vcpu.Domain;

    /// <summary>The caller has one of the privileges; if not: return EPERM.</summary>
    public readonly bool Holds(Privilege privileges) => (Domain.Config.Privileges & privileges) != 0;

    /// <summary>The caller runs 32-bit code: structures have the 32-bit layout.</summary>
    public readonly bool Is32 { get; }

    /// <summary>The call is to be made again, with the arguments as they are now.</summary>
    public bool IsContinued { get; private set; }

    /// <summary>A long operation should stop here: time is up or somebody waits for this CPU.</summary>
    public readonly bool ShouldPreempt
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vcpu.Domain.Kernel.Dispatcher.ShouldPreempt;
    }

    /// <summary>
    /// Ends this piece of a long operation: the guest executes the hypercall again, with the arguments as they are now, and
    /// everything is validated again. Return its result from the handler.
    /// </summary>
    public long Continue()
    {
        IsContinued = true;
        return 0;
    }

    /// <summary>Copies a structure from the caller's memory; false: return EFAULT.</summary>
    public readonly bool TryRead<T>(ulong gva, out T value)
        where T : unmanaged => GuestMemory.TryRead(Vcpu, gva, out value);

    /// <summary>Copies a structure to the caller's memory; false: return EFAULT.</summary>
    public readonly bool TryWrite<T>(ulong gva, in T value)
        where T : unmanaged => GuestMemory.TryWrite(Vcpu, gva, in value);

    /// <summary>Copies bytes from the caller's memory; false: return EFAULT.</summary>
    public readonly bool TryReadBytes(ulong gva, Span<byte> bytes) => GuestMemory.TryReadBytes(Vcpu, gva, bytes);

    /// <summary>Copies bytes to the caller's memory; false: return EFAULT.</summary>
    public readonly bool TryWriteBytes(ulong gva, ReadOnlySpan<byte> bytes) =>
        GuestMemory.TryWriteBytes(Vcpu, gva, bytes);

    /// <summary>Copies an operation's last result, a structure, to the caller's memory. Returns what the operation does: 0 or EFAULT.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly long Answer<T>(ulong gva, in T value)
        where T : unmanaged => AnswerBytes(gva, MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));

    /// <inheritdoc cref="Answer{T}(ulong, in T)"/>
    [MethodImpl(MethodImplOptions.NoInlining)] // two dozen operations end with it
    public readonly long AnswerBytes(ulong gva, ReadOnlySpan<byte> bytes) => TryWriteBytes(gva, bytes) ? 0 : XenError.EFAULT;
}
