using System;
using System.Diagnostics.CodeAnalysis;
using System.Runtime;
using System.Runtime.CompilerServices;
using System.Threading;
using Microkernel.Platform.Cpus;
using Microkernel.Platform.Traps;
using Microkernel.Platform.X64;

namespace Microkernel.Platform.Diagnostics;

/// <summary>
/// The end of the core: stops the other CPUs, says what happened on the debug UART, and halts. It takes no locks and
/// trusts nothing that may be broken.
/// </summary>
internal static unsafe class Panic
{
    // Sound: every CPU has a block with its number, whatever else is broken.
    private static int _panicking;
    private static int _panickingCpu;

    /// <summary>Stops all other CPUs; set as soon as there are others.</summary>
    internal static CpuStopper? Stopper { get; set; }

    /// <summary>An exception of the CPU, or an interrupt that nobody expects.</summary>
    [DoesNotReturn]
    internal static void OnTrap(ref readonly TrapFrame frame)
    {
        Begin(frame.Vector == ExceptionVector.NonMaskable);
        TrapReport.Write(in frame);
        Backtrace.Write(frame.Rip, frame.Rsp);
        End();
    }

    /// <summary>A <c>throw</c>, a failed check, or the core's own decision.</summary>
    [DoesNotReturn]
    [RuntimeExport("CorePanic")]
    private static void OnThrow(string? message, Exception? exception)
    {
        Begin(isNonMaskable: false);
        PanicText text = new("PANIC: "u8);
        if (exception is not null and not ExecutionEngineException)
        {
            text.Add(SymbolTable.TypeName(exception, stackalloc byte[SymbolTable.LongestName]));
            text.Add(message == null ? ""u8 : ": "u8);
        }

        text.Add(message);
        text.Add(", CPU "u8);
        text.Add((ulong)CpuBlock.Current->Index);
        text.End();
        Backtrace.Write(0, StackPointer());
        End();
    }

    /// <summary>Only the first CPU reports; one that fails while it reports stops at once.</summary>
    private static void Begin(bool isNonMaskable)
    {
        if (Interlocked.Exchange(ref _panicking, 1) != 0)
        {
            bool again = _panickingCpu == CpuBlock.Current->Index && !isNonMaskable;
            if (again)
            {
                new PanicText("another panic while reporting this one"u8).End();
                End();
            }

            Cpu.HaltForever();
        }

        _panickingCpu = CpuBlock.Current->Index;
        Stopper?.StopOthers();

        // Another CPU may have been stopped in the middle of a line.
        Serial.Write("\n"u8);
    }

    [DoesNotReturn]
    private static void End()
    {
        new PanicText("END PANIC"u8).End();
        Cpu.HaltForever();
    }

    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "cpu_stack_pointer")]
    private static extern ulong StackPointer();
}
