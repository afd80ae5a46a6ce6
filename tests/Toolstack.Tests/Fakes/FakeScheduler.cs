using System.Collections.Concurrent;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Protos.Scheduler;

namespace Microkernel.Services.Toolstack.Tests.Fakes;

/// <summary>The scheduler.</summary>
internal sealed class FakeScheduler(Faults faults) : Scheduler.SchedulerBase
{
    internal ConcurrentDictionary<uint, DomainParameters> Parameters { get; } = new();

    public override Task<SetParametersResponse> SetParameters(SetParametersRequest request, ServerCallContext context) =>
        Task.FromResult(faults.Run("Scheduler.SetParameters", () =>
        {
            Parameters[request.Parameters.Domain] = request.Parameters;
            return new SetParametersResponse { Parameters = request.Parameters };
        }));
}
