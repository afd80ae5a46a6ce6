using System;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Protos.Health;

namespace Microkernel.Services;

/// <summary>Answers one peer about this service's health, and lets the one that may stop it.</summary>
internal sealed class HealthService : Protos.Health.Health.HealthBase
{
    private static readonly TimeSpan s_lastWords = TimeSpan.FromMilliseconds(100);

    private readonly ServiceHost _host;
    private readonly bool _mayStop;

    internal HealthService(ServiceHost host, bool mayStop)
    {
        _host = host;
        _mayStop = mayStop;
    }

    /// <inheritdoc/>
    public override Task<CheckResponse> Check(CheckRequest request, ServerCallContext context) => Task.FromResult(_host.Health.Read());

    /// <inheritdoc/>
    public override Task<StopResponse> Stop(StopRequest request, ServerCallContext context)
    {
        CheckMayStop();
        _host.Stop($"{context.Peer} asks for it");
        return Task.FromResult(new StopResponse());
    }

    /// <inheritdoc/>
    public override Task<PanicResponse> Panic(PanicRequest request, ServerCallContext context)
    {
        CheckMayStop();
        if (!FirstProcess.IsThis)
            throw new RpcException(new Status(StatusCode.FailedPrecondition, "it is not alone in a domain, and its kernel is others', too"));
        // The answer goes first.
        _ = Task.Delay(s_lastWords).ContinueWith(_ => _host.Panic($"{context.Peer} asks for it"), TaskScheduler.Default);
        return Task.FromResult(new PanicResponse());
    }

    private void CheckMayStop()
    {
        if (!_mayStop)
            throw new RpcException(new Status(StatusCode.PermissionDenied, $"only {ServiceHost.Supervisor} stops services"));
    }
}
