using System;
using System.Runtime.InteropServices;
using Microkernel.Core.Abi;

namespace Microkernel.Core.Hypercalls;

/// <summary>
/// multicall (struct multicall_entry of xen/xen.h): the calls of a list, one after the other, each with its own result. Every entry is
/// read when its turn comes; a long list, or a long call in it, is gone on with later.
/// </summary>
public static class MulticallOperation
{
    /// <summary>Its hypercall number: __HYPERVISOR_multicall.</summary>
    public const ulong Number = 13;

    private const int Words = 8;
    private const int ResultIndex = 1;

    /// <summary>Runs the list. The first argument is its address, the second its length; both move on with it.</summary>
    public static long Run(ref HypercallCall call)
    {
        uint size = call.Is32 ? 4u : 8u;
        Span<byte> buffer = stackalloc byte[Words * sizeof(ulong)];
        Span<byte> entry = buffer.Slice(0, (int)size * Words);
        call.Arg1 = (uint)call.Arg1;
        while (call.Arg1 != 0)
        {
            if (!call.TryReadBytes(call.Arg0, entry))
                return XenError.EFAULT;

            long result = RunEntry(ref call, entry, out bool isContinued);
            if (isContinued)
            {
                // What the call has left to do stands in the entry now.
                return call.TryWriteBytes(call.Arg0, entry) ? call.Continue() : XenError.EFAULT;
            }

            ulong resultAt = call.Arg0 + (size * ResultIndex);
            if (!(call.Is32 ? call.TryWrite(resultAt, (uint)result) : call.TryWrite(resultAt, result)))
                return XenError.EFAULT;

            call.Arg0 += size * Words;
            if (--call.Arg1 != 0 && call.ShouldPreempt)
                return call.Continue();
        }

        return 0;
    }

    private static long RunEntry(ref HypercallCall call, scoped Span<byte> entry, out bool isContinued)
    {
        HypercallCall inner = new(call.Vcpu, call.Is32)
        {
            Arg0 = Word(entry, 2, call.Is32),
            Arg1 = Word(entry, 3, call.Is32),
            Arg2 = Word(entry, 4, call.Is32),
            Arg3 = Word(entry, 5, call.Is32),
            Arg4 = Word(entry, 6, call.Is32),
            Arg5 = Word(entry, 7, call.Is32),
        };
        ulong number = Word(entry, 0, call.Is32);
        long result = number == Number ? XenError.EINVAL : HypercallTable.Serve(ref inner, number);
        isContinued = inner.IsContinued;
        if (isContinued)
        {
            SetWord(entry, 2, call.Is32, inner.Arg0);
            SetWord(entry, 3, call.Is32, inner.Arg1);
            SetWord(entry, 4, call.Is32, inner.Arg2);
            SetWord(entry, 5, call.Is32, inner.Arg3);
            SetWord(entry, 6, call.Is32, inner.Arg4);
        }

        return result;
    }

    private static ulong Word(ReadOnlySpan<byte> entry, int index, bool is32) =>
        is32 ? MemoryMarshal.Read<uint>(entry.Slice(4 * index)) : MemoryMarshal.Read<ulong>(entry.Slice(8 * index));

    private static void SetWord(Span<byte> entry, int index, bool is32, ulong value)
    {
        if (is32)
            MemoryMarshal.Write(entry.Slice(4 * index), (uint)value);
        else
            MemoryMarshal.Write(entry.Slice(8 * index), value);
    }
}
