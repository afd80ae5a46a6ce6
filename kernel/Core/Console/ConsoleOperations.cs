using System;
using Microkernel.Core.Abi;
using Microkernel.Core.Hypercalls;

namespace Microkernel.Core.Console;

/// <summary>console_io (CONSOLEIO_* of xen/xen.h): early output, before a guest has found its console ring.</summary>
public static class ConsoleOperations
{
    private const string Test = "hvm";
    private const int ChunkSize = 64;

    /// <summary>The operations.</summary>
    public static readonly SubOperation[] Table =
    [
        new(0, "write", Test) { Note = "writes the guest's console; on Xen only debug builds allow it" },
        new(1, "read", Test) { Note = "EPERM" },
    ];

    /// <summary>Serves the operation that the first argument names.</summary>
    public static long Serve(ref HypercallCall call)
    {
        switch (call.Operation)
        {
            case 0: return Write(ref call);
            case 1: return Read(ref call);
            default: return XenError.ENOSYS;
        }
    }

    // Arguments: count and address, moved on with what has been written.
    private static long Write(ref HypercallCall call)
    {
        Span<byte> buffer = stackalloc byte[ChunkSize];
        call.Arg1 = (uint)call.Arg1;
        while (call.Arg1 != 0)
        {
            Span<byte> chunk = buffer.Slice(0, (int)Math.Min(call.Arg1, ChunkSize));
            if (!call.TryReadBytes(call.Arg2, chunk))
                return XenError.EFAULT;

            if (!call.Domain.Kernel.Consoles.TryWrite(call.Domain, chunk))
            {
                call.Domain.Kernel.Dispatcher.Yield(call.Vcpu);
                return call.Continue();
            }

            call.Arg1 -= (uint)chunk.Length;
            call.Arg2 += (uint)chunk.Length;
            if (call.Arg1 != 0 && call.ShouldPreempt)
                return call.Continue();
        }

        return 0;
    }

    private static long Read(ref HypercallCall call) => XenError.EPERM;
}
