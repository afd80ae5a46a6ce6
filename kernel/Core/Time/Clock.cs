using System;
using System.Runtime.CompilerServices;
using Microkernel.Core.Hardware;

namespace Microkernel.Core.Time;

/// <summary>
/// Turns TSC ticks into nanoseconds since the core's start and back, with the multiplier and shift that guests get in vcpu_time_info
/// (xen/xen.h), so that both sides compute the same.
/// </summary>
public sealed class Clock
{
    /// <summary>Nanoseconds in a second.</summary>
    public const ulong Second = 1_000_000_000;

    private readonly Machine _machine;
    private readonly ulong _start;

    /// <summary>A clock that starts now, for the machine's TSC frequency.</summary>
    public Clock(Machine machine)
    {
        _machine = machine;
        _start = machine.ReadTsc();
        ulong frequency = machine.TscFrequency;
        ulong scaled = frequency;
        while (scaled > 2 * Second)
        {
            scaled >>= 1;
            Shift--;
        }

        while (scaled <= Second)
        {
            scaled <<= 1;
            Shift++;
        }

        // ns = ((ticks << Shift) * Multiplier) >> 32
        Multiplier = (uint)DivideShifted(Second, scaled);
    }

    /// <summary>tsc_to_system_mul.</summary>
    public uint Multiplier { get; }

    /// <summary>tsc_shift; negative shifts right.</summary>
    public sbyte Shift { get; }

    /// <summary>Nanoseconds since the core's start.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Now() => ToNanoseconds(_machine.ReadTsc() - _start);

    /// <summary>The system time at the TSC value <paramref name="tsc"/>.</summary>
    public ulong At(ulong tsc) => ToNanoseconds(tsc - _start);

    /// <summary>The first TSC value at which the system time is <paramref name="nanoseconds"/> or more; saturates.</summary>
    public ulong TscAt(ulong nanoseconds)
    {
        ulong ticks = ToTicks(nanoseconds);

        // The multiplier is rounded down: over a long time the clock is a little behind the frequency.
        for (int i = 0; i < 2 && ticks != ulong.MaxValue; i++)
        {
            ulong reached = ToNanoseconds(ticks);
            ticks += reached < nanoseconds ? ToTicks(nanoseconds - reached) : 0;
        }

        return ticks > ulong.MaxValue - _start ? ulong.MaxValue : _start + ticks;
    }

    /// <summary>
    /// The last TSC value up to <paramref name="tsc"/> where the system time is a whole number of nanoseconds, so that whoever counts
    /// from there gets the same times as this clock.
    /// </summary>
    public ulong WholeBefore(ulong tsc)
    {
        ulong unit = 1UL << (32 + (Shift < 0 ? -Shift : 0));
        return _start + ((tsc - _start) & ~(unit - 1));
    }

    /// <summary>Ticks to nanoseconds.</summary>
    public ulong ToNanoseconds(ulong ticks)
    {
        ticks = Shift < 0 ? ticks >> -Shift : ticks << Shift;
        ulong high = Math.BigMul(ticks, (ulong)Multiplier, out ulong low);
        return (high << 32) | (low >> 32);
    }

    /// <summary>Nanoseconds to ticks, rounded up so that a timer never fires early; saturates.</summary>
    public ulong ToTicks(ulong nanoseconds)
    {
        ulong seconds = nanoseconds / Second;
        if (seconds > ulong.MaxValue / 2 / _machine.TscFrequency)
            return ulong.MaxValue;

        ulong rest = nanoseconds % Second;
        return (seconds * _machine.TscFrequency) + (rest * _machine.TscFrequency / Second) + 1;
    }

    // (numerator << 32) / denominator, for numerator < denominator < 2^32.
    private static ulong DivideShifted(ulong numerator, ulong denominator) => (numerator << 32) / denominator;
}
