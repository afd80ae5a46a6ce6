using System;
using System.Collections.Generic;

namespace Microkernel.Services.Scheduler;

/// <summary>The policies that there are. A new one is a line here.</summary>
public static class PolicyCatalogue
{
    /// <summary>The policy of pools that have been given none.</summary>
    public const string Default = Credit2Policy.Name;

    /// <summary>Makes an instance of each policy, by its name.</summary>
    public static IReadOnlyDictionary<string, Func<IPolicy>> All { get; } = new SortedDictionary<string, Func<IPolicy>>(StringComparer.Ordinal)
    {
        [Credit2Policy.Name] = static () => new Credit2Policy(),
        [CreditPolicy.Name] = static () => new CreditPolicy(),
        [RtdsPolicy.Name] = static () => new RtdsPolicy(),
        [ArincPolicy.Name] = static () => new ArincPolicy(),
        [NullPolicy.Name] = static () => new NullPolicy(),
        [InteractivePolicy.Name] = static () => new InteractivePolicy(),
    };
}
