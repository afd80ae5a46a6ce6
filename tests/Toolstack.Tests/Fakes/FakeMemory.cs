using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Protos.Memory;

namespace Microkernel.Services.Toolstack.Tests.Fakes;

/// <summary>The memory service.</summary>
internal sealed class FakeMemory(FakeMachine machine) : Memory.MemoryBase
{
    internal ulong Free { get; set; } = 4UL << 30;

    /// <summary>It has begun again, and given up what it was building.</summary>
    internal void Restart()
    {
        lock (machine.Lock)
        {
            foreach (FakeDomain domain in machine.Domains.Values.Where(static d => !d.IsSealed).ToList())
                Remove(domain);
        }
    }

    public override Task<ClaimResponse> Claim(ClaimRequest request, ServerCallContext context) => Run("Claim", () =>
    {
        FakeDomain? known = machine.Domains.Values.FirstOrDefault(d => d.Claim.RequestId == request.RequestId);
        if (known is null)
        {
            if (request.MaximumMemoryBytes > Free)
                throw new RpcException(new Status(StatusCode.ResourceExhausted, $"{Free} bytes are free"));
            Free -= request.MaximumMemoryBytes;
            known = new FakeDomain
            {
                Id = ++machine.LastDomain,
                Generation = machine.LastDomain * 100UL,
                Claim = request,
                Target = request.MemoryBytes,
                Maximum = request.MaximumMemoryBytes,
            };
            machine.Domains.Add(known.Id, known);
        }

        return new ClaimResponse { Domain = new DomainId { Id = known.Id, Generation = known.Generation } };
    });

    public override Task<LoadResponse> Load(LoadRequest request, ServerCallContext context) => Run("Load", () =>
    {
        List<byte> image = Find(request.Domain).Images[request.Image];
        if (request.Offset != (ulong)image.Count)
            throw new RpcException(new Status(StatusCode.OutOfRange, "not in order"));
        image.AddRange(request.Data);
        return new LoadResponse { LoadedBytes = (ulong)image.Count };
    });

    public override Task<FinishResponse> Finish(FinishRequest request, ServerCallContext context) => Run("Finish", () =>
    {
        FakeDomain domain = Find(request.Domain);
        if (domain.IsSealed)
            throw new RpcException(new Status(StatusCode.FailedPrecondition, "sealed already"));
        domain.IsSealed = true;
        return new FinishResponse { ConsolePort = 2, StorePort = 1 };
    });

    public override Task<DestroyResponse> Destroy(DestroyRequest request, ServerCallContext context) => Run("Destroy", () =>
    {
        if (machine.Domains.GetValueOrDefault(request.Domain.Id) is { } domain && domain.Generation == request.Domain.Generation)
            Remove(domain);
        return new DestroyResponse();
    });

    public override Task<SetTargetResponse> SetTarget(SetTargetRequest request, ServerCallContext context) => Run("SetTarget", () =>
    {
        FakeDomain domain = Find(request.Domain);
        domain.Target = request.TargetBytes;
        domain.Maximum = request.MaximumBytes;
        return new SetTargetResponse { TargetBytes = domain.Target, MaximumBytes = domain.Maximum };
    });

    public override Task<GetInfoResponse> GetInfo(GetInfoRequest request, ServerCallContext context) => Run("GetInfo", () => new GetInfoResponse
    {
        Domains =
        {
            machine.Domains.Values.Select(static d => new DomainMemory
            {
                Domain = new DomainId { Id = d.Id, Generation = d.Generation }, CurrentBytes = d.Target, MaximumBytes = d.Maximum,
            }),
        },
    });

    public override async Task WatchDomains(WatchDomainsRequest request, IServerStreamWriter<DomainChange> responseStream, ServerCallContext context)
    {
        using var changed = new SemaphoreSlim(0);
        void OnChanged() => changed.Release();
        machine.Changed += OnChanged;
        try
        {
            while (true)
            {
                await changed.WaitAsync(context.CancellationToken);
                await responseStream.WriteAsync(new DomainChange());
            }
        }
        finally
        {
            machine.Changed -= OnChanged;
        }
    }

    private FakeDomain Find(DomainId id) =>
        machine.Domains.GetValueOrDefault(id.Id) is { } domain && domain.Generation == id.Generation
            ? domain
            : throw new RpcException(new Status(StatusCode.NotFound, $"there is no domain {id.Id}"));

    private void Remove(FakeDomain domain)
    {
        machine.Domains.Remove(domain.Id);
        Free += domain.Claim.MaximumMemoryBytes;
    }

    private Task<T> Run<T>(string name, Func<T> call) => Task.FromResult(machine.Faults.Run("Memory." + name, () =>
    {
        lock (machine.Lock)
            return call();
    }));
}
