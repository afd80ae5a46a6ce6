using System.Threading;

namespace Microkernel.CoreLibTests.Checks;

/// <summary>Atomic operations, by one thread: what they return and what they leave.</summary>
internal static class AtomicChecks
{
    private static object? _shared;

    internal static void Run(Report report)
    {
        int number = 5;
        report.Line("exchanged"u8, Interlocked.CompareExchange(ref number, 9, 5) * 100 + number);
        report.Line("not exchanged"u8, Interlocked.CompareExchange(ref number, 7, 5) * 100 + number);
        report.Line("exchange"u8, Interlocked.Exchange(ref number, 11) * 100 + number);
        report.Line("add"u8, Interlocked.Add(ref number, 3) * 100 + number);
        report.Line("or"u8, Interlocked.Or(ref number, 0x10) * 100 + number);
        report.Line("and"u8, Interlocked.And(ref number, 0x13) * 100 + number);
        uint unsigned = 0;
        report.Line("decrement"u8, Interlocked.Decrement(ref unsigned));
        ulong wide = ulong.MaxValue - 1;
        report.Line("increment"u8, (long)Interlocked.Increment(ref wide) + (long)Interlocked.Increment(ref wide));
        report.Line("wide"u8, (long)Interlocked.CompareExchange(ref wide, 1UL << 60, 0) + (long)wide);
        report.Line("wide or"u8, (long)Interlocked.Or(ref wide, 3) + (long)wide);
        Volatile.Write(ref number, 3);
        Volatile.Write(ref wide, 1UL << 40);
        report.Line("volatile"u8, Volatile.Read(ref number) + (long)Volatile.Read(ref wide));
        RunReferences(report);
    }

    private static void RunReferences(Report report)
    {
        object first = new int[1];
        object second = new int[2];
        bool wasNull = Interlocked.CompareExchange(ref _shared, first, null) is null;
        bool kept = ReferenceEquals(Interlocked.CompareExchange(ref _shared, second, null), first);
        bool replaced = ReferenceEquals(Interlocked.Exchange(ref _shared, second), first) && ReferenceEquals(Volatile.Read(ref _shared), second);
        report.Line("references"u8, (wasNull ? 1 : 0) + (kept ? 2 : 0) + (replaced ? 4 : 0));
    }
}
