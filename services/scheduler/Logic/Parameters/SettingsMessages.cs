using Microkernel.Protos.Scheduler;

namespace Microkernel.Services.Scheduler;

/// <summary>Settings of a domain, as messages.</summary>
public static class SettingsMessages
{
    /// <summary>The message that, merged into no settings, gives these.</summary>
    public static DomainParameters ToMessage(this DomainSettings settings, uint domain)
    {
        var message = new DomainParameters
        {
            Domain = domain,
            Cap = settings.Cap,
            Priority = settings.Priority,
            IsInteractive = settings.IsInteractive,
            GetsExtraTime = settings.HasExtraTime,
            Pin = settings.Pin,
            Pool = settings.Pool,
        };
        if (settings.Weight is { } weight)
            message.Weight = weight;
        if (settings.Reservation is { } reservation)
            (message.BudgetNs, message.PeriodNs) = (reservation.BudgetNs, reservation.PeriodNs);
        return message;
    }

    /// <summary>Settings with what is there in a message in the place of what was.</summary>
    /// <exception cref="RefusedException">A value is never possible.</exception>
    public static DomainSettings Merge(this DomainSettings settings, DomainParameters wanted) => settings with
    {
        Weight = wanted.HasWeight ? Check("weight", wanted.Weight, 1, DomainSettings.MostWeight, "256 is usual") : settings.Weight,
        Cap = wanted.HasCap ? Check("cap", wanted.Cap, 0, ushort.MaxValue, "it is in percent of a CPU, and 0 for none") : settings.Cap,
        Priority = wanted.HasPriority ? Check("priority", wanted.Priority, 0, DomainSettings.HighestPriority, "higher goes first") : settings.Priority,
        IsInteractive = wanted.HasIsInteractive ? wanted.IsInteractive : settings.IsInteractive,
        HasExtraTime = wanted.HasGetsExtraTime ? wanted.GetsExtraTime : settings.HasExtraTime,
        Pin = wanted.HasPin ? wanted.Pin : settings.Pin,
        Pool = !wanted.HasPool ? settings.Pool : wanted.Pool.Length > 0 ? wanted.Pool : SchedulingPool.Default,
        Reservation = MergeReservation(settings.Reservation, wanted),
    };

    private static Reservation? MergeReservation(Reservation? before, DomainParameters wanted)
    {
        if (!wanted.HasBudgetNs && !wanted.HasPeriodNs)
            return before;
        ulong budget = wanted.HasBudgetNs ? wanted.BudgetNs : before?.BudgetNs ?? 0;
        ulong period = wanted.HasPeriodNs ? wanted.PeriodNs : before?.PeriodNs ?? VcpuContext.UsualPeriodNs;
        if (budget == 0 && wanted.HasBudgetNs)
            return null;
        if (period is < Reservation.ShortestPeriodNs or > Reservation.LongestPeriodNs)
            throw Invalid($"a period of {Words.Time(period)}: it must be {Words.Time(Reservation.ShortestPeriodNs)} to {Words.Time(Reservation.LongestPeriodNs)}");
        if (budget < Reservation.LeastBudgetNs || budget > period)
            throw Invalid($"a budget of {Words.Time(budget)}: it must be at least {Words.Time(Reservation.LeastBudgetNs)} and at most the period, {Words.Time(period)}");
        return new Reservation(budget, period);
    }

    private static uint Check(string what, uint value, uint least, uint most, string hint) => value >= least && value <= most
        ? value
        : throw Invalid($"a {what} of {value}: it must be {least} to {most}; {hint}");

    private static RefusedException Invalid(string message) => new(RefusalKind.Invalid, message);
}
