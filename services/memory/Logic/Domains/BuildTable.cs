using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Google.Protobuf;
using Microkernel.Services.Memory.Building;

namespace Microkernel.Services.Memory.Domains;

/// <summary>
/// The guests that are being built, and the requests that were answered: whoever asks again gets the same answer, as long as the domain was
/// not given up.
/// </summary>
internal sealed class BuildTable(TimeProvider time)
{
    private const int MostAnswers = 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<uint, Build> _builds = [];
    private readonly Dictionary<ByteString, (uint Domain, ulong Generation)> _answers = [];
    private readonly Queue<ByteString> _order = [];
    private long _session;

    /// <summary>The connection over which guests are built now.</summary>
    internal long Session
    {
        get
        {
            lock (_lock)
                return _session;
        }
    }

    /// <summary>The domain that an earlier request of this id was answered with.</summary>
    internal bool TryGetAnswer(ByteString request, out (uint Domain, ulong Generation) answer)
    {
        lock (_lock)
            return _answers.TryGetValue(request, out answer);
    }

    /// <summary>A domain has been made; false if the connection over which that was asked for has ended.</summary>
    internal bool TryAdd(ByteString request, DomainBuild build, long session)
    {
        lock (_lock)
        {
            if (session != _session)
                return false;
            _builds[build.Domain] = new Build(build, time.GetTimestamp());
            _answers[request] = (build.Domain, build.Handle.Generation);
            _order.Enqueue(request);
            if (_order.Count > MostAnswers)
                _answers.Remove(_order.Dequeue());
            return true;
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

    /// <summary>A domain is complete.</summary>
    internal void Finish(DomainBuild build)
    {
        lock (_lock)
            _builds.Remove(build.Domain);
    }

    /// <summary>A domain is given up or destroyed: whoever asks again for the same gets another one.</summary>
    /// <returns>Its build, if it was not complete.</returns>
    internal DomainBuild? Remove(uint domain)
    {
        lock (_lock)
        {
            foreach (ByteString request in _answers.Where(a => a.Value.Domain == domain).Select(static a => a.Key).ToArray())
                _answers.Remove(request);
            return _builds.Remove(domain, out Build? build) ? build.Of : null;
        }
    }

    /// <summary>The connection has begun anew: takes out the builds that the one before had under way.</summary>
    internal IReadOnlyList<DomainBuild> BeginSession()
    {
        lock (_lock)
        {
            _session++;
            List<DomainBuild> left = [.. _builds.Values.Select(static b => b.Of)];
            foreach (DomainBuild build in left)
                Remove(build.Domain);
            return left;
        }
    }

    /// <summary>The builds that have made no progress for so long.</summary>
    internal IReadOnlyList<DomainBuild> FindIdle(TimeSpan limit)
    {
        lock (_lock)
            return [.. _builds.Values.Where(b => time.GetElapsedTime(b.LastProgress) >= limit).Select(static b => b.Of)];
    }

    private sealed class Build(DomainBuild build, long now)
    {
        internal DomainBuild Of { get; } = build;

        internal long LastProgress { get; set; } = now;
    }
}
