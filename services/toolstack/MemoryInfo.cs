using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Protos.Memory;

namespace Microkernel.Services.Toolstack;

/// <summary>What the operator may ask the memory service, through the toolstack: who has how much. Building is the toolstack's.</summary>
internal sealed class MemoryInfo : Memory.MemoryBase
{
    private readonly Memory.MemoryClient _memory;

    internal MemoryInfo(Memory.MemoryClient memory) => _memory = memory;

    public override async Task<GetInfoResponse> GetInfo(GetInfoRequest request, ServerCallContext context)
    {
        var options = new CallOptions(deadline: context.Deadline, cancellationToken: context.CancellationToken);
        return await _memory.GetInfoAsync(request, options).ResponseAsync.ConfigureAwait(false);
    }
}
