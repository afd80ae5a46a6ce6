using System;
using System.Runtime;
using System.Runtime.CompilerServices;
using Microkernel.Platform.Diagnostics;

namespace Microkernel.Platform.Traps;

/// <summary>Where every trap of the host arrives in C#: interrupts go to who registered, exceptions end in a panic.</summary>
internal static unsafe class TrapDispatcher
{
    private static InterruptHandler?[] _handlers = [];

    private struct Fixup
    {
        public ulong Faulting;
        public ulong Continuation;
    }

    /// <summary>Makes room for handlers. Start-up only.</summary>
    internal static void Initialize() => _handlers = new InterruptHandler?[256];

    /// <summary>Sets what serves a vector from <see cref="ExceptionVector.Count"/> on, on all CPUs.</summary>
    internal static void Register(byte vector, InterruptHandler handler)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(vector, ExceptionVector.Count);
        _handlers[vector] = handler;
    }

    [RuntimeExport("TrapEntry")]
    private static void Enter(TrapFrame* frame)
    {
        int vector = (int)frame->Vector;
        if (vector >= ExceptionVector.Count && _handlers[vector] is { } handler)
        {
            handler.Handle();
        }
        else if (vector != ExceptionVector.GeneralProtection || !TryFixUp(frame))
        {
            // Sound: the stub made the frame, and it stays until this returns.
            Panic.OnTrap(in *frame);
        }
    }

    private static bool TryFixUp(TrapFrame* frame)
    {
        // Sound: the table in Traps.S ends with a zero.
        for (Fixup* fixup = Fixups(); fixup->Faulting != 0; fixup++)
        {
            if (fixup->Faulting == frame->Rip)
            {
                frame->Rip = fixup->Continuation;
                return true;
            }
        }

        return false;
    }

    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "fault_fixups")]
    private static extern Fixup* Fixups();
}
