using System.Globalization;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using Google.Protobuf;
using Grpc.Core;
using Microkernel.Protos.Xenstore;

namespace Microkernel.XenStore.Rpc;

/// <summary>The store for services, which speak gRPC and have the control domain's rights.</summary>
public sealed class XenStoreService : Protos.Xenstore.XenStore.XenStoreBase
{
    private readonly StoreThread _thread;
    private readonly StoreServer _server;

    /// <summary>The services' side of a server.</summary>
    /// <param name="thread">The thread that the server runs on.</param>
    /// <param name="server">The server.</param>
    public XenStoreService(StoreThread thread, StoreServer server)
    {
        _thread = thread;
        _server = server;
    }

    /// <inheritdoc/>
    public override Task<IntroduceResponse> Introduce(IntroduceRequest request, ServerCallContext context) => _thread.Do(() =>
    {
        int domain = Checked.Domain(request.Domain);
        StoreError error = _server.Domains.Introduce(domain, frame: 0, request.RemotePort, request.DomainGeneration);
        if (error != StoreError.None)
            throw Checked.Failure(error, $"domain {domain} cannot be connected; the store's log says why");
        return new IntroduceResponse();
    });

    /// <inheritdoc/>
    public override Task<ReleaseResponse> Release(ReleaseRequest request, ServerCallContext context) => _thread.Do(() =>
    {
        int domain = Checked.Domain(request.Domain);
        // Asked again, or for an earlier domain of the same number: that one is gone already.
        if (_server.Domains.Find(domain) is { } found && (request.DomainGeneration == 0 || found.Generation == request.DomainGeneration))
            _server.Domains.Release(domain);
        return new ReleaseResponse();
    });

    /// <inheritdoc/>
    public override Task<ShutDownResponse> ShutDown(ShutDownRequest request, ServerCallContext context) => _thread.Do(() =>
    {
        int domain = Checked.Domain(request.Domain);
        if (_server.Domains.Find(domain) is { } found && (request.DomainGeneration == 0 || found.Generation == request.DomainGeneration))
            _server.Domains.ShutDown(domain);
        return new ShutDownResponse();
    });

    /// <inheritdoc/>
    public override Task<ReadResponse> Read(ReadRequest request, ServerCallContext context) => _thread.Do(() =>
    {
        Node node = Find(request.Path);
        var response = new ReadResponse { Value = ByteString.CopyFrom(node.Value), Generation = _server.Store.Generation };
        Accesses.Copy(node.Permissions, response.Permissions);
        return response;
    });

    /// <inheritdoc/>
    public override Task<ListResponse> List(ListRequest request, ServerCallContext context) => _thread.Do(() =>
    {
        ListResponse response = NameList.Part(Find(request.Path).Children, request.After);
        response.Generation = _server.Store.Generation;
        return response;
    });

    /// <inheritdoc/>
    public override async Task Walk(WalkRequest request, IServerStreamWriter<WalkPart> responseStream, ServerCallContext context)
    {
        // Nodes never change: the thread is needed no longer than for finding the first.
        (Node top, ulong generation) = await _thread.Do(() => (Find(request.Path), _server.Store.Generation)).ConfigureAwait(false);
        foreach (WalkPart part in TreeWalk.Parts(top, request.Path, request.HasDepth ? request.Depth : uint.MaxValue, generation))
            await responseStream.WriteAsync(part, context.CancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override Task<CommitResponse> Commit(CommitRequest request, ServerCallContext context) => _thread.Do(() =>
    {
        var changes = new PlannedChanges();
        foreach (Protos.Xenstore.Change change in request.Changes)
            Add(change, changes);
        byte[][] paths = [.. request.ReadPaths.Select(Checked.Path)];
        paths = request.BaseGeneration == 0 ? [] : paths;
        StoreError error = _server.Store.CommitSince(request.BaseGeneration, paths, changes);
        if (error != StoreError.None)
            throw Checked.Failure(error, error == StoreError.EAGAIN ? WhatChanged(request.BaseGeneration, paths) : WhatIsFull());
        return new CommitResponse { Generation = _server.Store.Generation };
    });

    /// <inheritdoc/>
    public override async Task Watch(WatchRequest request, IServerStreamWriter<WatchEvent> responseStream, ServerCallContext context)
    {
        byte[] path = Checked.PathOrSpecial(request.Path);
        var watcher = new StreamWatcher();
        var watch = new Watch(watcher, path, baseLength: 0, token: [], depth: -1);
        await _thread.Do(() =>
        {
            _server.Store.Watches.Add(watch);
            watch.Fire(path);
            return true;
        }).ConfigureAwait(false);
        try
        {
            await watcher.CopyToAsync(responseStream, context.CancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await _thread.Do(() =>
            {
                _server.Store.Watches.Remove(watch);
                return true;
            }).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public override Task<GetStatisticsResponse> GetStatistics(GetStatisticsRequest request, ServerCallContext context) =>
        _thread.Do(() => Statistics.Of(_server, request.FromDomain));

    private Node Find(string path) =>
        _server.Store.Root.Find(Checked.Path(path)) ?? throw new RpcException(new Status(StatusCode.NotFound, $"there is no node {path}"));

    private void Add(Protos.Xenstore.Change change, PlannedChanges changes)
    {
        byte[] path = Checked.Path(change.Path);
        switch (change.ChangeCase)
        {
            case Protos.Xenstore.Change.ChangeOneofCase.Write:
                changes.Add(Change.Write(path, change.Write.ToByteArray(), creator: -1));
                break;
            case Protos.Xenstore.Change.ChangeOneofCase.Remove when path.Length > 1:
                changes.Add(Change.Remove(path));
                break;
            case Protos.Xenstore.Change.ChangeOneofCase.SetPermissions when change.SetPermissions.Permissions.Count > 0:
                AddPermissions(path, change.SetPermissions, changes);
                break;
            case Protos.Xenstore.Change.ChangeOneofCase.Remove:
                throw Checked.Invalid("the root stays");
            case Protos.Xenstore.Change.ChangeOneofCase.SetPermissions:
                throw Checked.Invalid($"the new permissions of {change.Path} are none; the first one names the owner");
            default:
                throw Checked.Invalid($"the change of {change.Path} has neither a value nor permissions, and is no removal");
        }
    }

    private string WhatChanged(ulong generation, byte[][] paths) =>
        $"{Encoding.Latin1.GetString(_server.Store.FindChanged(generation, paths)!)} has changed since change {generation} was read; read again, and commit what follows from that";

    private string WhatIsFull() => string.Create(CultureInfo.InvariantCulture,
        $"nodes take {_server.Store.Accounts.Memory:N0} of the {_server.Store.Capacity:N0} bytes that can be recorded; remove some, or give the store more kept memory");

    private void AddPermissions(byte[] path, PermissionList list, PlannedChanges changes)
    {
        var permissions = new Permissions([.. list.Permissions.Select(Accesses.FromMessage)]);
        changes.Add(Change.SetPermissions(path, permissions));
        if (!list.IncludesBelow || _server.Store.Root.Find(path) is not { } top)
            return;
        foreach ((string below, _) in TreeWalk.Nodes(top, Encoding.Latin1.GetString(path), uint.MaxValue).Skip(1))
            changes.Add(Change.SetPermissions(Encoding.Latin1.GetBytes(below), permissions));
    }
}
