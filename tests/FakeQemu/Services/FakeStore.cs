using System;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Protos.Xenstore;
using Microkernel.XenStore;
using Microkernel.XenStore.Rpc;

namespace FakeQemu.Services;

/// <summary>The store of <see cref="FakeSystem"/>: the real one without domains, which fails when a test wants that.</summary>
internal sealed class FakeStore : XenStore.XenStoreBase
{
    private readonly FakeSystem _system;
    private readonly XenStoreService _real = new(new CallersThread(), new StoreServer(new Store(), new Recorder(), new ControlHost(), epoch: 1));

    internal FakeStore(FakeSystem system) => _system = system;

    public override Task Walk(WalkRequest request, IServerStreamWriter<WalkPart> responseStream, ServerCallContext context)
    {
        _system.Enter(context);
        return _real.Walk(request, responseStream, context);
    }

    public override Task<CommitResponse> Commit(CommitRequest request, ServerCallContext context)
    {
        _system.Enter(context);
        return _real.Commit(request, context);
    }

    public override Task Watch(WatchRequest request, IServerStreamWriter<WatchEvent> responseStream, ServerCallContext context)
    {
        _system.Enter(context);
        return _real.Watch(request, responseStream, context);
    }

    public override Task<GetStatisticsResponse> GetStatistics(GetStatisticsRequest request, ServerCallContext context)
    {
        _system.Enter(context);
        return _real.GetStatistics(request, context);
    }

    /// <summary>One caller at a time.</summary>
    private sealed class CallersThread : StoreThread
    {
        private readonly Lock _lock = new();

        public override Task<T> Do<T>(Func<T> work)
        {
            lock (_lock)
                return Task.FromResult(work());
        }
    }
}
