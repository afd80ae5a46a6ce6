using System;
using System.Runtime.InteropServices;
using System.Threading;

namespace Microkernel.XenStore;

/// <summary>The layout of a ring page (struct xenstore_domain_interface).</summary>
public static class RingFields
{
    /// <summary>The bytes of each of the two queues.</summary>
    public const int QueueSize = 1024;

    /// <summary>Where the queue of requests is.</summary>
    public const int Requests = 0;

    /// <summary>Where the queue of answers and events is.</summary>
    public const int Responses = 1024;

    /// <summary>How far the server has read.</summary>
    public const int RequestConsumer = 2048;

    /// <summary>How far the domain has written.</summary>
    public const int RequestProducer = 2052;

    /// <summary>How far the domain has read.</summary>
    public const int ResponseConsumer = 2056;

    /// <summary>How far the server has written.</summary>
    public const int ResponseProducer = 2060;

    /// <summary>What the server can do.</summary>
    public const int Features = 2064;

    /// <summary>Whether the domain wants to begin again.</summary>
    public const int Connection = 2068;

    /// <summary>Why the server gave up.</summary>
    public const int Error = 2072;

    /// <summary>The bytes of a page up to the last field's end.</summary>
    public const int Size = 2076;

    /// <summary>The connection's usual state.</summary>
    public const uint Connected = 0;

    /// <summary>The domain waits for the server to begin again.</summary>
    public const uint Reconnect = 1;

    /// <summary>Reads a field once; what is read afterwards was written no earlier.</summary>
    public static uint Read(Span<byte> page, int field) => Volatile.Read(ref At(page, field));

    /// <summary>Writes a field; what was written before is there when it is seen.</summary>
    public static void Write(Span<byte> page, int field, uint value) => Volatile.Write(ref At(page, field), value);

    private static ref uint At(Span<byte> page, int field) => ref MemoryMarshal.AsRef<uint>(page.Slice(field, sizeof(uint)));
}
