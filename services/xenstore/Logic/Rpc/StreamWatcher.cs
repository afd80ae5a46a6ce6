using System;
using System.Text;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Protos.Xenstore;

namespace Microkernel.XenStore.Rpc;

/// <summary>Passes events on to a stream; drops some, and says so, when they come faster than they are taken.</summary>
internal sealed class StreamWatcher : Watcher
{
    private const int MostWaiting = 256;

    private readonly Channel<string> _paths = Channel.CreateBounded<string>(MostWaiting);
    private int _hasLost;

    public override Caller Caller => Caller.Control;

    public override void Hear(Watch watch, ReadOnlySpan<byte> path)
    {
        if (!_paths.Writer.TryWrite(Encoding.Latin1.GetString(path)))
            Volatile.Write(ref _hasLost, 1);
    }

    /// <summary>Sends until the caller has had enough.</summary>
    internal async Task CopyToAsync(IServerStreamWriter<WatchEvent> stream, CancellationToken cancellation)
    {
        await foreach (string path in _paths.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
        {
            bool hasLost = Interlocked.Exchange(ref _hasLost, 0) != 0;
            await stream.WriteAsync(new WatchEvent { Path = path, HasLostSome = hasLost }, cancellation).ConfigureAwait(false);
        }
    }
}
