using System.Collections.Generic;
using System.Threading;
using System.Threading.Channels;
using Microkernel.Protos.Toolstack;

namespace Microkernel.Services.Toolstack.Guests;

/// <summary>Tells everybody who wants to know what happens to guests. Nobody holds up anybody by listening slowly.</summary>
internal sealed class EventHub
{
    private const int MostWaiting = 256;

    private readonly Lock _lock = new();
    private readonly List<Channel<GuestEvent>> _listeners = [];

    /// <summary>How many listen.</summary>
    internal int Listeners
    {
        get
        {
            lock (_lock)
                return _listeners.Count;
        }
    }

    /// <summary>Something happened.</summary>
    internal void Say(Guest guest, GuestEventKind kind, string detail = "")
    {
        var said = new GuestEvent { Name = guest.Name, Domain = guest.Domain, Kind = kind, Detail = detail };
        lock (_lock)
        {
            foreach (Channel<GuestEvent> listener in _listeners)
                Tell(listener, said);
        }
    }

    /// <summary>Listens from now on.</summary>
    internal ChannelReader<GuestEvent> Listen(CancellationToken until)
    {
        var channel = Channel.CreateUnbounded<GuestEvent>();
        channel.Writer.TryWrite(new GuestEvent { Kind = GuestEventKind.Watching });
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

    private static void Tell(Channel<GuestEvent> listener, GuestEvent said)
    {
        // One place is kept for the message that some are missing.
        int waiting = listener.Reader.Count;
        if (waiting < MostWaiting)
            listener.Writer.TryWrite(said);
        else if (waiting == MostWaiting)
            listener.Writer.TryWrite(new GuestEvent { Kind = GuestEventKind.LostSome });
    }
}
