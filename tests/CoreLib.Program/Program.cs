using System;
using System.Runtime;
using System.Runtime.CompilerServices;
using Internal.Runtime;
using Internal.Runtime.CompilerHelpers;
using Microkernel.CoreLibTests.Checks;

namespace Microkernel.CoreLibTests;

/// <summary>Prints what the checks find; with an argument, fails on purpose and prints how.</summary>
internal static unsafe class Program
{
    private const nuint HeapLength = 0x10_0000;

    [RuntimeExport("ProgramMain")]
    private static void Main(long argumentCount, byte* argument, nint* modules, nint* modulesEnd, byte* heap)
    {
        Heap.Initialize(heap, HeapLength, null);
        StartupCodeHelpers.InitializeModules(modules, modulesEnd);
        if (argumentCount > 1)
        {
            Faults.Run(argument[0] - 'a');
            Exit(2);
        }

        AllChecks.Run(new StandardOutput());
        Exit(0);
    }

    /// <summary>What the core library calls when something is thrown.</summary>
    [RuntimeExport("CorePanic")]
    private static void Panic(string? message, Exception? exception)
    {
        var output = new StandardOutput();
        output.Line(NameOf(exception), 0);
        Exit(1);
    }

    private static ReadOnlySpan<byte> NameOf(Exception? exception) => exception switch
    {
        IndexOutOfRangeException => "IndexOutOfRangeException"u8,
        ArgumentOutOfRangeException => "ArgumentOutOfRangeException"u8,
        ArgumentException => "ArgumentException"u8,
        InvalidCastException => "InvalidCastException"u8,
        ArrayTypeMismatchException => "ArrayTypeMismatchException"u8,
        OverflowException => "OverflowException"u8,
        InvalidOperationException => "InvalidOperationException"u8,
        NotSupportedException => "NotSupportedException"u8,
        _ => "something else"u8,
    };

    private sealed class StandardOutput : Report
    {
        public override void Line(ReadOnlySpan<byte> name, long value)
        {
            Span<byte> line = stackalloc byte[100];
            name.CopyTo(line);
            int length = name.Length;
            line[length++] = (byte)' ';
            for (int shift = 60; shift >= 0; shift -= 4)
            {
                line[length++] = "0123456789abcdef"u8[(int)(value >> shift) & 15];
            }

            line[length++] = (byte)'\n';
            fixed (byte* start = line)
            {
                Write(start, length);
            }
        }
    }

    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "linux_write")]
    private static extern void Write(byte* bytes, long length);

    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "linux_exit")]
    private static extern void Exit(int code);
}
