using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Protos.Health;

namespace FakeQemu.Services;

/// <summary>A toolstack that is well.</summary>
internal sealed class FakeHealth : Health.HealthBase
{
    public override Task<CheckResponse> Check(CheckRequest request, ServerCallContext context) =>
        Task.FromResult(new CheckResponse { Condition = Condition.Serving });
}
