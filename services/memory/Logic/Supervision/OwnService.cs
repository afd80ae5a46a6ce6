using System;
using System.Threading;
using System.Threading.Tasks;
using Microkernel.Protos.Supervisor;

namespace Microkernel.Services.Memory.Supervision;

/// <summary>The memory service as one of the services. The core keeps it running; what it can do for the operator is to end.</summary>
public sealed class OwnService
{
    // The answer to who wants its end goes first.
    private static readonly TimeSpan LastWords = TimeSpan.FromMilliseconds(100);

    private readonly ServiceInfo _facts;
    private readonly TimeProvider _time;
    private readonly Action<string> _stop;
    private readonly Action _crash;
    private readonly Action<string> _panic;
    private readonly long _started;

    /// <summary>Begins to count its uptime.</summary>
    /// <param name="entry">Its entry.</param>
    /// <param name="restarts">How often the core has restarted it.</param>
    /// <param name="time">The time.</param>
    /// <param name="stop">Ends it in order, for a reason.</param>
    /// <param name="crash">Ends it at once.</param>
    /// <param name="panic">Has its kernel panic, for a reason.</param>
    public OwnService(ServiceEntry entry, uint restarts, TimeProvider time, Action<string> stop, Action crash, Action<string> panic)
    {
        _facts = new ServiceInfo
        {
            Name = entry.Name,
            State = ServiceState.Serving,
            Domain = entry.Id,
            Restarts = restarts,
            MemoryBytes = (ulong)entry.Config.MemoryFrames << 12,
        };
        _time = time;
        _stop = stop;
        _crash = crash;
        _panic = panic;
        _started = time.GetTimestamp();
    }

    /// <summary>Its name.</summary>
    public string Name => _facts.Name;

    /// <summary>How it is.</summary>
    public ServiceInfo Describe()
    {
        ServiceInfo info = _facts.Clone();
        info.UptimeNs = (ulong)_time.GetElapsedTime(_started).Ticks * 100;
        return info;
    }

    /// <summary>Ends soon; the core starts it again.</summary>
    public void End(EndOfLife how, string why) => _ = EndAsync(how, why);

    private async Task EndAsync(EndOfLife how, string why)
    {
        await Task.Delay(LastWords, _time, CancellationToken.None).ConfigureAwait(false);
        switch (how)
        {
            case EndOfLife.InOrder:
                _stop(why);
                break;
            case EndOfLife.ByPanic:
                _panic(why);
                break;
            default:
                _crash();
                break;
        }
    }
}
