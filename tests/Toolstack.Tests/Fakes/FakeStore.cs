using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;
using Google.Protobuf;
using Grpc.Core;
using Microkernel.Protos.Xenstore;

namespace Microkernel.Services.Toolstack.Tests.Fakes;

/// <summary>XenStore. Guests' kernels that watch control/shutdown are played by <see cref="Driver"/>.</summary>
internal sealed class FakeStore(Faults faults) : XenStore.XenStoreBase
{
    private readonly Lock _lock = new();
    private readonly List<(string Path, Channel<string> Events)> _watches = [];

    internal SortedDictionary<string, ByteString> Nodes { get; } = new(StringComparer.Ordinal);

    internal Dictionary<string, PermissionList> Permissions { get; } = [];

    internal HashSet<uint> Introduced { get; } = [];

    /// <summary>Domains of which it was said that they have ended and are kept.</summary>
    internal ConcurrentDictionary<uint, ulong> ShutDowns { get; } = [];

    /// <summary>What a guest does when it is asked to end: null, or the new value of the node.</summary>
    internal Func<string, string, string?>? Driver { get; set; }

    internal string? Text(string path)
    {
        lock (_lock)
            return Nodes.GetValueOrDefault(path)?.ToStringUtf8();
    }

    public override Task<IntroduceResponse> Introduce(IntroduceRequest request, ServerCallContext context) => Run("Introduce", () =>
    {
        Introduced.Add(request.Domain);
        return new IntroduceResponse();
    });

    public override Task<ReleaseResponse> Release(ReleaseRequest request, ServerCallContext context) => Run("Release", () =>
        Introduced.Remove(request.Domain) ? new ReleaseResponse() : throw new RpcException(new Status(StatusCode.NotFound, "not introduced")));

    public override Task<ShutDownResponse> ShutDown(ShutDownRequest request, ServerCallContext context) => Run("ShutDown", () =>
    {
        ShutDowns[request.Domain] = request.DomainGeneration;
        return new ShutDownResponse();
    });

    public override Task<ReadResponse> Read(ReadRequest request, ServerCallContext context) => Run("Read", () =>
        Nodes.TryGetValue(request.Path, out ByteString? value)
            ? new ReadResponse { Value = value }
            : throw new RpcException(new Status(StatusCode.NotFound, request.Path)));

    public override Task<ListResponse> List(ListRequest request, ServerCallContext context) => Run("List", () =>
    {
        string prefix = request.Path + "/";
        string[] rest = [.. Nodes.Keys.Where(k => k.StartsWith(prefix, StringComparison.Ordinal)).Select(k => k[prefix.Length..].Split('/')[0])
            .Distinct().Where(n => string.CompareOrdinal(n, request.After) > 0).Order(StringComparer.Ordinal)];
        // One at a time: whoever asks must go on.
        return new ListResponse { Names = { rest.Take(1) }, IsPartial = rest.Length > 1 };
    });

    public override Task<CommitResponse> Commit(CommitRequest request, ServerCallContext context) => Run("Commit", () =>
    {
        foreach (Change change in request.Changes)
            Apply(change);
        return new CommitResponse { Generation = 1 };
    });

    public override async Task Watch(WatchRequest request, IServerStreamWriter<WatchEvent> responseStream, ServerCallContext context)
    {
        var events = Channel.CreateUnbounded<string>();
        lock (_lock)
            _watches.Add((request.Path, events));
        events.Writer.TryWrite(request.Path);
        await foreach (string path in events.Reader.ReadAllAsync(context.CancellationToken))
            await responseStream.WriteAsync(new WatchEvent { Path = path });
    }

    private void Apply(Change change)
    {
        switch (change.ChangeCase)
        {
            case Change.ChangeOneofCase.Write:
                Write(change.Path, change.Write);
                break;
            case Change.ChangeOneofCase.Remove:
                foreach (string path in Nodes.Keys.Where(k => k == change.Path || k.StartsWith(change.Path + "/", StringComparison.Ordinal)).ToList())
                    Nodes.Remove(path);
                break;
            case Change.ChangeOneofCase.SetPermissions when Nodes.ContainsKey(change.Path):
                Permissions[change.Path] = change.SetPermissions;
                break;
            default:
                throw new RpcException(new Status(StatusCode.InvalidArgument, change.ToString()));
        }
    }

    private void Write(string path, ByteString value)
    {
        if (value.Length > 4096)
            throw new RpcException(new Status(StatusCode.ResourceExhausted, "the node is too large"));
        Nodes[path] = value;
        foreach ((string watched, Channel<string> events) in _watches)
        {
            if (path == watched)
                events.Writer.TryWrite(path);
        }

        if (path.EndsWith("/control/shutdown", StringComparison.Ordinal) && !value.IsEmpty && Driver?.Invoke(path, value.ToStringUtf8()) is { } answer)
            Write(path, ByteString.CopyFromUtf8(answer));
    }

    private Task<T> Run<T>(string name, Func<T> call) => Task.FromResult(faults.Run("Store." + name, () =>
    {
        lock (_lock)
            return call();
    }));
}
