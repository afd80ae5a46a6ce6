using System.Collections.Generic;

namespace Microkernel.XenStore;

/// <summary>Collects the clients to which something happened, and passes on what is to be recorded.</summary>
internal sealed class ServerEvents : ClientEvents
{
    private readonly Recorder _recorder;
    private List<Client> _touched = [];

    internal ServerEvents(Recorder recorder) => _recorder = recorder;

    public override void Touched(Client client)
    {
        if (client.IsTouched)
            return;
        client.IsTouched = true;
        _touched.Add(client);
    }

    public override void WatchAdded(Client client, Watch watch)
    {
        if (client.IsDomain)
            _recorder.WatchAdded(client, watch);
    }

    public override void WatchRemoved(Client client, Watch watch)
    {
        if (client.IsDomain)
            _recorder.WatchRemoved(client, watch);
    }

    public override void WatchesReset(Client client)
    {
        if (client.IsDomain)
            _recorder.WatchesReset(client);
    }

    public override void LostChanged(Client client)
    {
        if (client.IsDomain)
            _recorder.LostChanged(client);
    }

    public override void DomainChanged(Domain domain) => _recorder.DomainChanged(domain);

    public override void DomainReleased(Domain domain) => _recorder.DomainReleased(domain);

    /// <summary>Hands out the clients touched so far, and goes on with another, empty list.</summary>
    internal List<Client> TakeTouched(List<Client> empty)
    {
        (List<Client> taken, _touched) = (_touched, empty);
        return taken;
    }
}
