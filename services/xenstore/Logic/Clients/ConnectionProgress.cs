using System;

namespace Microkernel.XenStore;

/// <summary>How far a domain's connection has come.</summary>
/// <param name="RequestEnd">The place in the stream of requests up to which everything was taken.</param>
/// <param name="ResponseEnd">The place in the stream of messages to the domain after the last one there is.</param>
/// <param name="Partial">The beginning of a request that was taken before it was complete.</param>
public readonly record struct ConnectionProgress(uint RequestEnd, uint ResponseEnd, ReadOnlyMemory<byte> Partial);
