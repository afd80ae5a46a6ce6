using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Microkernel.Services.Memory.Building;
using Microkernel.Services.Memory.Core;

namespace Microkernel.Services.Memory.Domains;

/// <summary>Destroys domains, and those again that could not be destroyed when it was tried.</summary>
internal sealed class DomainRemover(IHypervisor hypervisor, Action<string> log)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<uint, ulong> _left = [];

    /// <summary>Destroys a domain; if the core refuses, that is tried again until it does not.</summary>
    /// <returns>It is gone.</returns>
    internal bool Destroy(uint domain, ulong generation)
    {
        try
        {
            hypervisor.Destroy(domain);
        }
        catch (HypervisorException e)
        {
            log($"{e.Message}; it is tried again");
            lock (_lock)
                _left[domain] = generation;
            return false;
        }

        lock (_lock)
            _left.Remove(domain);
        return true;
    }

    /// <summary>Tries again what has failed.</summary>
    internal void Retry()
    {
        KeyValuePair<uint, ulong>[] left;
        lock (_lock)
            left = [.. _left];
        if (left.Length == 0)
            return;

        // The number of one that has gone meanwhile may be another domain's.
        ILookup<uint, DomainFacts> domains = hypervisor.ListDomains().ToLookup(static d => d.Id);
        foreach ((uint domain, ulong generation) in left)
        {
            if (domains[domain].Any(d => DomainHandle.Of(d.Handle).Generation == generation))
                Destroy(domain, generation);
            else
                Forget(domain);
        }
    }

    private void Forget(uint domain)
    {
        lock (_lock)
            _left.Remove(domain);
    }
}
