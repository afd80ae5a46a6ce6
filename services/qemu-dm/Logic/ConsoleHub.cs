using System;
using System.Collections.Generic;
using System.Threading;
using Grpc.Core;

namespace Microkernel.Services.QemuDm;

/// <summary>All consoles.</summary>
internal sealed class ConsoleHub : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<uint, GuestConsole> _consoles = [];
    private readonly IConsoleLinks _links;
    private readonly ConsoleLimits _limits;

    internal ConsoleHub(IConsoleLinks links, ConsoleLimits limits) => (_links, _limits) = (links, limits);

    /// <summary>Becomes the back end of a console. The same again changes nothing.</summary>
    internal void Connect(ConsoleIdentity identity)
    {
        lock (_lock)
        {
            GuestConsole? before = _consoles.GetValueOrDefault(identity.Domain);
            if (before?.Identity == identity)
                return;
            if (before is null && _consoles.Count >= _limits.Consoles)
                throw Failure(StatusCode.ResourceExhausted, $"there are {_limits.Consoles} consoles, which is the most");
            before?.Dispose();
            _consoles.Remove(identity.Domain);
            bool isSame = before?.Identity.Generation == identity.Generation;
            try
            {
                _consoles.Add(identity.Domain, new GuestConsole(identity, _links, isSame ? before : null, _limits));
            }
            catch (ConsoleLinkException e)
            {
                throw Failure(StatusCode.FailedPrecondition, $"the console of domain {identity.Domain}: {e.Message}");
            }
        }
    }

    /// <summary>Lets go of a console.</summary>
    internal void Disconnect(uint domain, ulong generation)
    {
        lock (_lock)
        {
            if (!_consoles.TryGetValue(domain, out GuestConsole? console) || console.Identity.Generation != generation)
                throw NotFound(domain);
            _consoles.Remove(domain);
            console.Dispose();
        }
    }

    /// <summary>A domain's console.</summary>
    internal GuestConsole Find(uint domain)
    {
        lock (_lock)
            return _consoles.GetValueOrDefault(domain) ?? throw NotFound(domain);
    }

    /// <summary>Lets go of all.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (GuestConsole console in _consoles.Values)
                console.Dispose();
            _consoles.Clear();
        }
    }

    private static RpcException NotFound(uint domain) => Failure(StatusCode.NotFound, $"domain {domain} has no console here");

    private static RpcException Failure(StatusCode status, string message) => new(new Status(status, message));
}
