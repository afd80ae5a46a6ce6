using System;

namespace Microkernel.XenStore.Tests.Support;

/// <summary>Servers in this process.</summary>
internal static class Servers
{
    /// <summary>A server that records nothing.</summary>
    internal static StoreServer New() => new(new Store(), new Recorder(), new ControlHost(), epoch: 1);

    /// <summary>The same without quotas.</summary>
    internal static StoreServer WithoutQuotas()
    {
        StoreServer server = New();
        foreach (Quota quota in Enum.GetValues<Quota>())
            server.Store.SetQuota(-1, quota, 0);
        return server;
    }
}
