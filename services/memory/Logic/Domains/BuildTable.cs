using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Google.Protobuf;
using Microkernel.Services.Memory.Building;

namespace Microkernel.Services.Memory.Domains;

/// <summary>The guests that are being built, and the requests that were answered: whoever asks again gets the same answer.</summary>
internal sealed class BuildTable(TimeProvider time)
{
    private const int MostAnswers = 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<uint, Build> _builds = [];
    private readonly Dictionary<ByteString, (uint Domain, ulong Generation)> _answers = [];
    private readonly Queue<ByteString> _order = [];

    /// <summary>The domain that an earlier request of this id was answered with.</summary>
    internal bool TryGetAnswer(ByteString request, out (uint Domain, ulong Generation) answer)
    {
        lock (_lock)
            return _answers.TryGetValue(request, out answer);
    }

    /// <summary>A domain has been made.</summary>
    internal void Add(ByteString request, DomainBuild build)
    {
        lock (_lock)
        {
            _builds[build.Domain] = new Build(build, time.GetTimestamp());
            _answers[request] = (build.Domain, build.Handle.Generation);
            _order.Enqueue(request);
            if (_order.Count > MostAnswers)
                _answers.Remove(_order.Dequeue());
        }
    }

    /// <summary>The build of a domain, which has made progress with this; null if there is none.</summary>
    internal DomainBuild? Find(uint domain, ulong generation)
    {
        lock (_lock)
        {
            if (!_builds.TryGetValue(domain, out Build? found) || found.Of.Handle.Generation != generation)
                return null;
            found.LastProgress = time.GetTimestamp();
            return found.Of;
        }
    }

    /// <summary>A domain is built, or given up.</summary>
    internal void Remove(uint domain)
    {
        lock (_lock)
            _builds.Remove(domain);
    }

    /// <summary>Takes out the builds that have made no progress for so long.</summary>
    internal IReadOnlyList<DomainBuild> TakeIdle(TimeSpan limit)
    {
        lock (_lock)
        {
            List<Build> idle = [.. _builds.Values.Where(b => time.GetElapsedTime(b.LastProgress) >= limit)];
            foreach (Build build in idle)
                _builds.Remove(build.Of.Domain);
            return [.. idle.Select(static b => b.Of)];
        }
    }

    private sealed class Build(DomainBuild build, long now)
    {
        internal DomainBuild Of { get; } = build;

        internal long LastProgress { get; set; } = now;
    }
}
