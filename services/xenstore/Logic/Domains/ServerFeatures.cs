namespace Microkernel.XenStore;

/// <summary>What a ring's page says about the server (xenstore-ring.txt).</summary>
public static class ServerFeatures
{
    /// <summary>A domain can have its connection begin again.</summary>
    public const uint Reconnection = 1;

    /// <summary>The page says why the server gave up.</summary>
    public const uint Error = 2;

    /// <summary>A watch can be limited in depth.</summary>
    public const uint WatchDepth = 4;

    /// <summary>All of them.</summary>
    public const uint All = Reconnection | Error | WatchDepth;
}
