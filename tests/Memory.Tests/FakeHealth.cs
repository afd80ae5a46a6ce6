using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Protos.Health;

namespace Microkernel.Services.Memory.Tests;

/// <summary>A service that answers, or does not.</summary>
internal sealed class FakeHealth : Health.HealthBase
{
    internal volatile bool IsSilent;

    internal int Stops { get; private set; }

    internal int Panics { get; private set; }

    public override Task<CheckResponse> Check(CheckRequest request, ServerCallContext context) => IsSilent
        ? throw new RpcException(new Status(StatusCode.Unavailable, "silent"))
        : Task.FromResult(new CheckResponse { Condition = Condition.Serving });

    public override Task<PanicResponse> Panic(PanicRequest request, ServerCallContext context)
    {
        Panics++;
        return Task.FromResult(new PanicResponse());
    }

    public override Task<StopResponse> Stop(StopRequest request, ServerCallContext context)
    {
        Stops++;
        return Task.FromResult(new StopResponse());
    }
}
