using System;
using System.Collections.Generic;

namespace Microkernel.Services.Scheduler;

/// <summary>How the engine works.</summary>
public sealed record EngineOptions
{
    /// <summary>How long a policy may think.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>After how many refusals by the core, one after the other, a policy is put back.</summary>
    public int MostRefusals { get; init; } = 3;

    /// <summary>The shortest epoch.</summary>
    public TimeSpan ShortestEpoch { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest epoch while guests work.</summary>
    public TimeSpan LongestBusyEpoch { get; init; } = TimeSpan.FromMilliseconds(400);

    /// <summary>The longest epoch.</summary>
    public TimeSpan LongestEpoch { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The policies, by name.</summary>
    public IReadOnlyDictionary<string, Func<IPolicy>> Policies { get; init; } = PolicyCatalogue.All;
}
