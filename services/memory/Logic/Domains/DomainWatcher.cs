using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Channels;
using Microkernel.Protos.Memory;
using Microkernel.Services.Memory.Building;
using Microkernel.Services.Memory.Core;

namespace Microkernel.Services.Memory.Domains;

/// <summary>Finds out which domains have ended or are gone, whenever the core says that something has changed, and tells who listens.</summary>
public sealed class DomainWatcher(IHypervisor hypervisor)
{
    private const int MostWaiting = 1024;

    private readonly Lock _lock = new();
    private readonly List<Channel<DomainChange>> _listeners = [];
    private Dictionary<uint, DomainFacts> _known = [];

    /// <summary>Looks at all domains, and tells what has changed since the last time.</summary>
    public void Scan()
    {
        lock (_lock)
        {
            Dictionary<uint, DomainFacts> now = hypervisor.ListDomains().ToDictionary(static d => d.Id);
            foreach (DomainFacts before in _known.Values)
            {
                if (!now.TryGetValue(before.Id, out DomainFacts? same) || !same.Handle.SequenceEqual(before.Handle))
                    Tell(new DomainChange { Gone = new() { Domain = before.Id, DomainGeneration = GenerationOf(before) } });
            }

            foreach (DomainFacts domain in now.Values)
            {
                bool hadEnded = _known.TryGetValue(domain.Id, out DomainFacts? before) && before.EndReason is not null && before.Handle.SequenceEqual(domain.Handle);
                if (domain.EndReason is { } reason && !hadEnded)
                    Tell(new DomainChange { Ended = new() { Domain = domain.Id, DomainGeneration = GenerationOf(domain), Reason = ReasonOf(reason) } });
            }

            _known = now;
        }
    }

    /// <summary>Listens from now on; what comes too fast is left out, and the listener has to look at all domains anyway.</summary>
    public ChannelReader<DomainChange> Listen(CancellationToken until)
    {
        var channel = Channel.CreateBounded<DomainChange>(new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropOldest });
        lock (_lock)
            _listeners.Add(channel);
        until.Register(() =>
        {
            lock (_lock)
                _listeners.Remove(channel);
            channel.Writer.TryComplete();
        });
        return channel.Reader;
    }

    private static ulong GenerationOf(DomainFacts domain) => DomainHandle.Of(domain.Handle).Generation;

    private static EndReason ReasonOf(uint reason) => reason switch
    {
        0 => EndReason.Poweroff,
        1 => EndReason.Reboot,
        2 => EndReason.Suspend,
        4 => EndReason.Watchdog,
        _ => EndReason.Crash,
    };

    private void Tell(DomainChange change)
    {
        foreach (Channel<DomainChange> listener in _listeners)
            listener.Writer.TryWrite(change);
    }
}
