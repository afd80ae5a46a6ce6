using System;
using System.Globalization;

namespace Microkernel.Services.Scheduler;

/// <summary>Times and shares for people.</summary>
public static class Words
{
    /// <summary>A time, in the unit that fits.</summary>
    public static string Time(ulong ns) => ns switch
    {
        0 => "0",
        _ when ns % 1_000_000_000 == 0 => Number(ns / 1e9) + " s",
        >= 1_000_000 => Number(ns / 1e6) + " ms",
        _ => Number(ns / 1e3) + " us",
    };

    /// <summary>A reservation.</summary>
    public static string Of(Reservation reservation) => $"{Time(reservation.BudgetNs)} of every {Time(reservation.PeriodNs)}";

    /// <summary>A part of a CPU.</summary>
    public static string Percent(double share) => Number(Math.Round(share * 100, 1)) + " %";

    private static string Number(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);
}
