using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Google.Protobuf;
using Grpc.Core;
using Microkernel.Protos.Xenstore;

namespace Microkernel.Services.Toolstack.Store;

/// <summary>XenStore's tree, as the toolstack uses it.</summary>
internal sealed class StoreTree
{
    private readonly XenStore.XenStoreClient _client;
    private readonly Patience _patience;

    internal StoreTree(XenStore.XenStoreClient client, Patience patience) => (_client, _patience) = (client, patience);

    /// <summary>A change that writes a node.</summary>
    internal static Change Write(string path, string value) => new() { Path = path, Write = ByteString.CopyFromUtf8(value) };

    /// <summary>A change that removes a node and everything below.</summary>
    internal static Change Remove(string path) => new() { Path = path, Remove = new Remove() };

    /// <summary>Makes changes, all or none, whatever is there.</summary>
    internal Task CommitAsync(IEnumerable<Change> changes, CancellationToken cancellation)
    {
        CommitRequest request = Request(changes);
        return _patience.CallAsync(options => _client.CommitAsync(request, options), cancellation);
    }

    /// <summary>Makes changes, and does not give up.</summary>
    internal Task InsistAsync(IEnumerable<Change> changes, CancellationToken cancellation)
    {
        CommitRequest request = Request(changes);
        return _patience.InsistAsync(options => _client.CommitAsync(request, options), cancellation);
    }

    /// <summary>A node's value; null if there is no such node.</summary>
    internal async Task<ByteString?> ReadAsync(string path, CancellationToken cancellation)
    {
        var request = new ReadRequest { Path = path };
        try
        {
            return (await _patience.CallAsync(options => _client.ReadAsync(request, options), cancellation).ConfigureAwait(false)).Value;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>The names below a node; none if there is no such node. Waits until the store is there.</summary>
    internal async Task<IReadOnlyList<string>> ListAsync(string path, CancellationToken cancellation)
    {
        List<string> names = [];
        ListResponse part;
        try
        {
            do
            {
                var request = new ListRequest { Path = path, After = names.Count > 0 ? names[^1] : "" };
                part = await _patience.InsistAsync(options => _client.ListAsync(request, options), cancellation).ConfigureAwait(false);
                names.AddRange(part.Names);
            }
            while (part.IsPartial && part.Names.Count > 0);
            return names;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return [];
        }
    }

    /// <summary>Has those told who watch for domains' ends that one has ended, though it is still there. Does not give up.</summary>
    internal Task ShutDownAsync(uint domain, ulong generation, CancellationToken cancellation)
    {
        var request = new ShutDownRequest { Domain = domain, DomainGeneration = generation };
        return _patience.InsistAsync(options => _client.ShutDownAsync(request, options), cancellation);
    }

    /// <summary>Everything that happens at a node, from now on.</summary>
    internal AsyncServerStreamingCall<WatchEvent> Watch(string path, CancellationToken cancellation) =>
        _client.Watch(new WatchRequest { Path = path }, cancellationToken: cancellation);

    private static CommitRequest Request(IEnumerable<Change> changes) => new() { Changes = { changes } };
}
