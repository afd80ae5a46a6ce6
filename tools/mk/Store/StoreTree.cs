using System;
using System.Collections.Generic;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Protos.Xenstore;
using Mk.Control;

namespace Mk.Store;

/// <summary>The tree of the running system's XenStore.</summary>
public sealed class StoreTree(SystemConnection system)
{
    private const int MostAttempts = 20;

    /// <summary>Everything at and below a path as it is now, each node before what is below it.</summary>
    /// <param name="path">The path.</param>
    /// <param name="depth">How many levels below; null for all.</param>
    public async IAsyncEnumerable<WalkPart> WalkAsync(string path, uint? depth)
    {
        var request = new WalkRequest { Path = path };
        if (depth is { } levels)
            request.Depth = levels;
        using AsyncServerStreamingCall<WalkPart> call = await OpenAsync(() => system.XenStore.Walk(request, system.Long));
        do
        {
            yield return call.ResponseStream.Current;
        }
        while (await call.ResponseStream.MoveNext(system.Cancellation));
    }

    /// <summary>A watch, which has told its first event. It ends with UNAVAILABLE when the store is started again.</summary>
    public Task<AsyncServerStreamingCall<WatchEvent>> WatchAsync(string path) =>
        OpenAsync(() => system.XenStore.Watch(new WatchRequest { Path = path }, system.Long));

    /// <summary>Reads and changes the tree as if nobody else did so meanwhile: begins anew if somebody did.</summary>
    public async Task TransactAsync(Func<StoreTransaction, Task> work)
    {
        for (int attempt = 1; ; attempt++)
        {
            var transaction = new StoreTransaction(this);
            await work(transaction);
            try
            {
                await system.RepeatAsync(options => system.XenStore.CommitAsync(transaction.Commit, options));
                return;
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.Aborted && attempt < MostAttempts)
            {
            }
        }
    }

    /// <summary>Begins a stream and takes its first message; again while the store is being started.</summary>
    private Task<AsyncServerStreamingCall<T>> OpenAsync<T>(Func<AsyncServerStreamingCall<T>> begin) => system.RepeatAsync(async () =>
    {
        AsyncServerStreamingCall<T> call = begin();
        try
        {
            if (await call.ResponseStream.MoveNext(system.Cancellation))
                return call;
            throw new RpcException(new Status(StatusCode.Internal, "the store has ended a stream before it began"));
        }
        catch
        {
            call.Dispose();
            throw;
        }
    });
}
