using System;
using System.Threading;

namespace Microkernel.XenStore.Tests.Support;

/// <summary>
/// A ring page that two threads share, with a bell for each side. The domain's side rings as seldom as a guest's kernel does: for a
/// request only if everything before it was taken, for an answer only if it takes it from a full queue.
/// </summary>
internal sealed class BellPage : RingPage
{
    private readonly byte[] _page = new byte[4096];
    private readonly SemaphoreSlim _writerBell = new(0);
    private readonly SemaphoreSlim _readerBell = new(0);

    /// <summary>The server's bell.</summary>
    internal SemaphoreSlim ServerBell { get; } = new(0);

    public override Span<byte> Memory => _page;

    public override void Notify()
    {
        _writerBell.Release();
        _readerBell.Release();
    }

    public override void Dispose()
    {
    }

    /// <summary>Sends bytes, as there is room for them.</summary>
    internal void Write(ReadOnlySpan<byte> bytes, CancellationToken stop)
    {
        while (!bytes.IsEmpty)
        {
            uint end = Get(RingFields.RequestProducer);
            int count = Math.Min(bytes.Length, RingFields.QueueSize - (int)(end - Get(RingFields.RequestConsumer)));
            if (count == 0)
            {
                _writerBell.Wait(stop);
                continue;
            }
            for (int i = 0; i < count; i++)
                _page[RingFields.Requests + ((end + i) % RingFields.QueueSize)] = bytes[i];
            Set(RingFields.RequestProducer, end + (uint)count);
            Interlocked.MemoryBarrier();
            if ((int)(end - Get(RingFields.RequestConsumer)) <= 0)
                ServerBell.Release();
            bytes = bytes[count..];
        }
    }

    /// <summary>Waits for as many bytes.</summary>
    internal void Read(Span<byte> bytes, CancellationToken stop)
    {
        while (!bytes.IsEmpty)
        {
            uint at = Get(RingFields.ResponseConsumer);
            int count = Math.Min(bytes.Length, (int)(Get(RingFields.ResponseProducer) - at));
            if (count == 0)
            {
                _readerBell.Wait(stop);
                continue;
            }
            for (int i = 0; i < count; i++)
                bytes[i] = _page[RingFields.Responses + ((at + i) % RingFields.QueueSize)];
            Set(RingFields.ResponseConsumer, at + (uint)count);
            Interlocked.MemoryBarrier();
            if (Get(RingFields.ResponseProducer) - at >= RingFields.QueueSize)
                ServerBell.Release();
            bytes = bytes[count..];
        }
    }

    private uint Get(int field) => RingFields.Read(_page, field);

    private void Set(int field, uint value) => RingFields.Write(_page, field, value);
}
