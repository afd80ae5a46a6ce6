using System;
using System.Diagnostics;
using System.Threading;
using Microkernel.Protos.Health;

namespace Microkernel.Services;

/// <summary>Whether the service can do its work, as its <c>Health</c> service answers.</summary>
public sealed class ServiceHealth
{
    private readonly Lock _lock = new();
    private readonly long _start = Stopwatch.GetTimestamp();
    private Condition _condition = Condition.Starting;
    private string _reason = "starting";

    internal ServiceHealth()
    {
    }

    /// <summary>It can.</summary>
    public void SetServing() => Set(Condition.Serving, "");

    /// <summary>It cannot, or not all of it.</summary>
    /// <param name="reason">Why, for people.</param>
    public void SetImpaired(string reason) => Set(Condition.Impaired, reason);

    internal CheckResponse Read()
    {
        lock (_lock)
        {
            return new CheckResponse
            {
                Condition = _condition,
                Reason = _reason,
                UptimeNs = (ulong)Stopwatch.GetElapsedTime(_start).TotalNanoseconds,
                MemoryUsedBytes = (ulong)Environment.WorkingSet,
            };
        }
    }

    private void Set(Condition condition, string reason)
    {
        lock (_lock)
            (_condition, _reason) = (condition, reason);
    }
}
