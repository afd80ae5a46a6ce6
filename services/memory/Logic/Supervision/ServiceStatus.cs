using System;
using System.Threading;
using Microkernel.Protos.Supervisor;

namespace Microkernel.Services.Memory.Supervision;

/// <summary>What there is to say about a service: how it is, since when, and how often it has begun. Any thread.</summary>
internal sealed class ServiceStatus(ServiceEntry entry, TimeProvider time)
{
    private readonly Lock _lock = new();
    private ServiceState _state = ServiceState.Starting;
    private ulong _generation;
    private long _started;
    private long _retryAt;
    private uint _starts;
    private string _lastEnd = "";

    /// <summary>How it is.</summary>
    internal ServiceState State
    {
        get
        {
            lock (_lock)
                return _state;
        }

        set
        {
            lock (_lock)
                _state = value;
        }
    }

    /// <summary>The generation of its domain.</summary>
    internal ulong Generation
    {
        get
        {
            lock (_lock)
                return _generation;
        }
    }

    /// <summary>How often it has begun.</summary>
    internal uint Starts
    {
        get
        {
            lock (_lock)
                return _starts;
        }
    }

    /// <summary>How long its life has been.</summary>
    internal TimeSpan Age
    {
        get
        {
            lock (_lock)
                return time.GetElapsedTime(_started);
        }
    }

    /// <summary>It begins to live in a domain of this generation.</summary>
    internal void NoteStart(ulong generation)
    {
        lock (_lock)
        {
            _generation = generation;
            _started = time.GetTimestamp();
            _state = ServiceState.Starting;
            _starts++;
        }
    }

    /// <summary>It has ended.</summary>
    internal void NoteEnd(string why, ServiceState state)
    {
        lock (_lock)
            (_lastEnd, _state) = (why, state);
    }

    /// <summary>Its next life begins after a wait.</summary>
    internal void NoteWait(TimeSpan wait)
    {
        lock (_lock)
            _retryAt = (time.GetUtcNow() + wait).Ticks;
    }

    /// <summary>All of it.</summary>
    internal ServiceInfo Describe()
    {
        lock (_lock)
        {
            long wait = _retryAt - time.GetUtcNow().Ticks;
            bool lives = _starts != 0 && _state is (ServiceState.Serving or ServiceState.Silent or ServiceState.Starting);
            return new ServiceInfo
            {
                Name = entry.Name,
                State = _state,
                Domain = entry.Id,
                DomainGeneration = _generation,
                UptimeNs = lives ? Nanoseconds(time.GetElapsedTime(_started)) : 0,
                Restarts = uint.Max(_starts, 1) - 1,
                LastEnd = _lastEnd,
                MemoryBytes = (ulong)entry.Config.MemoryFrames << 12,
                RetryInNs = _state == ServiceState.Waiting && wait > 0 ? Nanoseconds(TimeSpan.FromTicks(wait)) : 0,
            };
        }
    }

    private static ulong Nanoseconds(TimeSpan time) => (ulong)time.Ticks * 100;
}
