using System;

namespace Microkernel.Rpc;

/// <summary>What a <see cref="RingEndpoint"/> can be told.</summary>
public sealed record RingEndpointOptions
{
    /// <summary>Who speaks, for the other side's log.</summary>
    public string Name { get; init; } = "";

    /// <summary>Who the other side is, as the ring was wired: for messages, and <see cref="Grpc.Core.ServerCallContext.Peer"/>.</summary>
    public string Peer { get; init; } = "peer";

    /// <summary>Calls of the other side that are served at a time; it gets RESOURCE_EXHAUSTED for more.</summary>
    public int ServerCalls { get; init; } = 256;

    /// <summary>Receives a line for what somebody should know: sessions that begin and end, and handlers that failed.</summary>
    public Action<string>? Log { get; init; }

    /// <summary>
    /// Called for each new connection, before its first call is served: the other side may have forgotten what it knew. Must not wait;
    /// calls may be begun.
    /// </summary>
    public Action? Connected { get; init; }
}
