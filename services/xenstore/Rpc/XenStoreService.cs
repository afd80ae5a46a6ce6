using System;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using Google.Protobuf;
using Grpc.Core;
using Microkernel.Protos.Xenstore;
using Microkernel.XenStore.DomainMode;

namespace Microkernel.XenStore.Rpc;

/// <summary>The store for services, which speak gRPC and have the control domain's rights.</summary>
internal sealed class XenStoreService : Protos.Xenstore.XenStore.XenStoreBase
{
    private readonly DomainLoop _loop;
    private readonly StoreServer _server;

    internal XenStoreService(DomainLoop loop, StoreServer server)
    {
        _loop = loop;
        _server = server;
    }

    public override Task<IntroduceResponse> Introduce(IntroduceRequest request, ServerCallContext context) => _loop.Do(() =>
    {
        int domain = Checked.Domain(request.Domain);
        StoreError error = _server.Domains.Introduce(domain, frame: 0, request.RemotePort, request.DomainGeneration);
        Checked.Success(error, $"domain {domain} cannot be connected; the store's log says why");
        return new IntroduceResponse();
    });

    public override Task<ReleaseResponse> Release(ReleaseRequest request, ServerCallContext context) => _loop.Do(() =>
    {
        int domain = Checked.Domain(request.Domain);
        // Asked again, or for an earlier domain of the same number: that one is gone already.
        if (_server.Domains.Find(domain) is { } found && (request.DomainGeneration == 0 || found.Generation == request.DomainGeneration))
            _server.Domains.Release(domain);
        return new ReleaseResponse();
    });

    public override Task<ReadResponse> Read(ReadRequest request, ServerCallContext context) => _loop.Do(() =>
    {
        Node node = Find(request.Path);
        var response = new ReadResponse { Value = ByteString.CopyFrom(node.Value), Generation = _server.Store.Generation };
        foreach (Permission permission in node.Permissions.Entries)
            response.Permissions.Add(new Protos.Xenstore.Permission { Domain = (uint)permission.Domain, Access = Accesses.ToMessage(permission.Access) });
        return response;
    });

    public override Task<ListResponse> List(ListRequest request, ServerCallContext context) => _loop.Do(() =>
    {
        Node node = Find(request.Path);
        var response = new ListResponse { Generation = _server.Store.Generation };
        response.Names.AddRange(node.Children.All.Select(static c => Encoding.Latin1.GetString(c.Name)));
        return response;
    });

    public override Task<CommitResponse> Commit(CommitRequest request, ServerCallContext context) => _loop.Do(() =>
    {
        var changes = new PlannedChanges();
        foreach (Protos.Xenstore.Change change in request.Changes)
            changes.Add(ToChange(change));
        byte[][] paths = [.. request.ReadPaths.Select(Checked.Path)];
        StoreError error = _server.Store.CommitSince(request.BaseGeneration, request.BaseGeneration == 0 ? [] : paths, changes);
        Checked.Success(error, error == StoreError.EAGAIN ? "what the changes are based upon has changed; read again" : "the store is full");
        return new CommitResponse { Generation = _server.Store.Generation };
    });

    public override async Task Watch(WatchRequest request, IServerStreamWriter<WatchEvent> responseStream, ServerCallContext context)
    {
        byte[] path = Checked.PathOrSpecial(request.Path);
        var watcher = new StreamWatcher();
        var watch = new Watch(watcher, path, baseLength: 0, token: [], depth: -1);
        await _loop.Do(() =>
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
            await _loop.Do(() =>
            {
                _server.Store.Watches.Remove(watch);
                return true;
            }).ConfigureAwait(false);
        }
    }

    private Node Find(string path) =>
        _server.Store.Root.Find(Checked.Path(path)) ?? throw new RpcException(new Status(StatusCode.NotFound, $"there is no node {path}"));

    private static Change ToChange(Protos.Xenstore.Change change)
    {
        byte[] path = Checked.Path(change.Path);
        switch (change.ChangeCase)
        {
            case Protos.Xenstore.Change.ChangeOneofCase.Write:
                return Change.Write(path, change.Write.ToByteArray(), creator: -1);
            case Protos.Xenstore.Change.ChangeOneofCase.Remove when path.Length > 1:
                return Change.Remove(path);
            case Protos.Xenstore.Change.ChangeOneofCase.SetPermissions when change.SetPermissions.Permissions.Count > 0:
                return Change.SetPermissions(path, new Permissions(
                    [.. change.SetPermissions.Permissions.Select(static p => new Permission(Checked.AnyDomain(p.Domain), Accesses.FromMessage(p.Access)))]));
            default:
                throw new RpcException(new Status(StatusCode.InvalidArgument, $"the change of {change.Path} is not complete"));
        }
    }
}
