using System;
using System.Linq;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Protos.Xenstore;
using Mk.Control;

namespace Mk.Store;

/// <summary><c>xenstore-watch</c>: a line for each event. The store may be started again meanwhile; then all nodes are told anew.</summary>
public sealed class StoreWatch(SystemConnection system)
{
    private readonly StoreTree _tree = new(system);
    private readonly Channel<string> _events = Channel.CreateUnbounded<string>();

    /// <summary>Prints events.</summary>
    /// <param name="paths">What is watched.</param>
    /// <param name="count">After how many to end.</param>
    public async Task RunAsync(string[] paths, long count)
    {
        _ = EndAfterAsync(Task.WhenAny(paths.Select(WatchAsync)).Unwrap());
        for (; count > 0; count--)
        {
            Console.Out.WriteLine(await ReadAsync());
            await Console.Out.FlushAsync(CancellationToken.None);
        }
    }

    private async Task<string> ReadAsync()
    {
        try
        {
            return await _events.Reader.ReadAsync(system.Cancellation);
        }
        catch (ChannelClosedException e) when (e.InnerException is not null)
        {
            throw e.InnerException;
        }
    }

    /// <summary>Watches do not end by themselves: the first one that fails ends them all.</summary>
    private async Task EndAfterAsync(Task first)
    {
        await first.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _events.Writer.TryComplete(first.Exception?.InnerException ?? new OperationCanceledException());
    }

    private async Task WatchAsync(string path)
    {
        while (true)
        {
            try
            {
                await FollowAsync(path);
            }
            catch (RpcException e)
            {
                throw StoreFailure.Explain($"Unable to add watch on {path}", e);
            }
        }
    }

    /// <summary>Passes events on until the store ends.</summary>
    private async Task FollowAsync(string path)
    {
        using AsyncServerStreamingCall<WatchEvent> call = await _tree.WatchAsync(path);
        try
        {
            do
            {
                WatchEvent happened = call.ResponseStream.Current;
                // Who has lost some must look at everything.
                _events.Writer.TryWrite(happened.HasLostSome ? path : happened.Path);
            }
            while (await call.ResponseStream.MoveNext(system.Cancellation));
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Unavailable)
        {
            // The store is being started again.
        }
    }
}
