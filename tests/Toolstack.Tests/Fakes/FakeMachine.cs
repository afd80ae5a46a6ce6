using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Microkernel.Services.Toolstack.Core;

namespace Microkernel.Services.Toolstack.Tests.Fakes;

/// <summary>The core: it outlives every service.</summary>
internal sealed class FakeMachine
{
    internal const uint FirstGuest = 6;

    internal Lock Lock { get; } = new();

    internal Dictionary<uint, FakeDomain> Domains { get; } = [];

    internal Faults Faults { get; } = new();

    internal ulong Now { get; set; } = 1_000_000;

    internal uint LastDomain { get; set; } = FirstGuest - 1;

    internal string Log { get; set; } = "the core's log";

    /// <summary>Told when a domain ends or leaves.</summary>
    internal event Action? Changed;

    /// <summary>A domain ends by itself.</summary>
    internal void EndDomain(uint domain, DomainEnd end)
    {
        lock (Lock)
            Domains[domain].End = end;
        Changed?.Invoke();
    }

    internal FakeDomain Find(uint domain)
    {
        lock (Lock)
            return Domains.GetValueOrDefault(domain) ?? throw new CoreException(CoreException.NoSuchDomain, $"find domain {domain}");
    }

    internal IReadOnlyList<FakeDomain> All()
    {
        lock (Lock)
            return [.. Domains.Values.OrderBy(static d => d.Id)];
    }
}
