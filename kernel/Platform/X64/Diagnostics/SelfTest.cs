using System;
using System.Runtime.CompilerServices;
using Internal.Runtime;
using Microkernel.Core.Hardware;
using Microkernel.Platform.Paging;
using Microkernel.Platform.X64;

namespace Microkernel.Platform.Diagnostics;

/// <summary>
/// Faults on purpose, one for each value of the option <c>selftest=</c>: the system tests check that each ends in a
/// panic that names it. Without the option nothing here runs.
/// </summary>
internal static unsafe class SelfTest
{
    private static int _zero;
    private static ulong _depth;

    /// <summary>Makes the fault of this name, if there is one.</summary>
    internal static void Run(ReadOnlySpan<byte> name, PhysicalMemory memory)
    {
        FailOnProtection(name);
        FailInCode(name);
        FailInWindow(name, memory);
    }

    private static void FailOnProtection(ReadOnlySpan<byte> name)
    {
        // Sound: each access is stopped by the CPU, which is what the test is about.
        if (name.SequenceEqual("null"u8))
            *(ulong*)_zero = 1;
        else if (name.SequenceEqual("text"u8))
            *(ulong*)ImageLayout.Current.Text = 0;
        else if (name.SequenceEqual("constant"u8))
            *(ulong*)ImageLayout.Current.ReadOnlyData = 0;
        else if (name.SequenceEqual("execute"u8))
            ((delegate* unmanaged<void>)HostSpace.AllocatePages(1))();
        else if (name.SequenceEqual("tables"u8))
            ((delegate* unmanaged<void>)HostSpace.PrepareEntry(ImageLayout.Current.Text))();
        else if (name.SequenceEqual("physical"u8))
            *(ulong*)ImageLayout.Current.PhysicalStart = 0;
        else if (name.SequenceEqual("stack"u8))
            Overflow(1);
    }

    private static void FailInCode(ReadOnlySpan<byte> name)
    {
        if (name.SequenceEqual("divide"u8))
        {
            _zero = 1 / _zero;
        }
        else if (name.SequenceEqual("bounds"u8))
        {
            _zero = name[name.Length + _zero];
        }
        else if (name.SequenceEqual("array"u8))
        {
            int[] four = [1, 2, 3, 4];
            _zero = four[4 + _zero];
        }
        else if (name.SequenceEqual("checked"u8))
        {
            _zero = checked(int.MaxValue + name.Length);
        }
        else if (name.SequenceEqual("throw"u8))
        {
            throw new NotSupportedException("a selftest");
        }
        else if (name.SequenceEqual("allocate"u8))
        {
            Heap.Seal();
            _zero = new byte[name.Length].Length;
        }
    }

    private static void FailInWindow(ReadOnlySpan<byte> name, PhysicalMemory memory)
    {
        const ulong lastOfFrame = 0x1FFC;
        if (name.SequenceEqual("open"u8))
            _depth = memory.Open<ulong>(lastOfFrame);
        else if (name.SequenceEqual("copy"u8))
            memory.Copy(lastOfFrame, stackalloc byte[sizeof(ulong)], write: false);
        else if (name.SequenceEqual("exchange"u8))
            memory.CompareExchange(ulong.MaxValue - PhysicalMemory.FrameSize + 1, 0, 0);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong Overflow(ulong depth) => (_depth += depth) + Overflow(_depth) + _depth;
}
