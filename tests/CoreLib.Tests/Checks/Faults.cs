using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Microkernel.CoreLibTests.Checks;

/// <summary>Things that must be stopped, each by the exception that .NET throws.</summary>
public static class Faults
{
    /// <summary>How many there are.</summary>
    public const int Count = 14;

    /// <summary>Does one of them.</summary>
    public static void Run(int number)
    {
        int four = Four();
        int[] numbers = [1, 2, 3, 4];
        object array = new string[four];
        Span<byte> span = stackalloc byte[4];
        switch (number)
        {
            case 0: Use(numbers[four]); break;
            case 1: Use(span[four]); break;
            case 2: Use(span.Slice(four + 1).Length); break;
            case 3: Use(span.Slice(1, four).Length); break;
            case 4: Use(((int[])array).Length); break;
            case 5: ((object[])array)[0] = new object(); break;
            case 6: Use(checked(int.MaxValue + four)); break;
            case 7: Use(new int[-four].Length); break;
            case 8: Use(Nothing()!.Value); break;
            case 9: Use(MemoryMarshal.Read<int>(span[1..])); break;
            case 10: span.CopyTo(new byte[four - 1]); break;
            case 11: throw new NotSupportedException("on purpose");
            case 12: Use(checked((byte)(four * 64))); break;
            case 13: Use((int)(long)Boxed(four)); break;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Four() => 4;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int? Nothing() => null;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static object Boxed(int value) => value;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Use(int value)
    {
    }
}
