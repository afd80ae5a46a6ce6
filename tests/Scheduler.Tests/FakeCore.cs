using System.Collections.Generic;
using System.Linq;

namespace Microkernel.Services.Scheduler.Tests;

/// <summary>A core with two CPUs and some domains.</summary>
internal sealed class FakeCore : ISchedulingCore
{
    internal Dictionary<uint, Credit> Domains { get; } = new() { [1] = new(256, 0), [5] = new(256, 0), [9] = new(512, 50) };

    internal string? Refusal { get; set; }

    public IReadOnlyList<uint> ListCpus() => [0, 1];

    public IReadOnlyList<uint> ListDomains() => [.. Domains.Keys.Append(77u)];

    public Credit? Get(uint domain) => Domains.TryGetValue(domain, out Credit credit) ? credit : null;

    public bool Set(uint domain, Credit parameters)
    {
        if (Refusal is not null)
            throw new SchedulingException(Refusal);
        if (!Domains.ContainsKey(domain))
            return false;
        Domains[domain] = parameters;
        return true;
    }
}
