using System.Collections.Concurrent;
using System.Linq;
using Grpc.Core;
using Microkernel.Core.Boot;
using Microkernel.Core.Hardware;
using Microkernel.Protos.Memory;
using Microkernel.Services.Memory.Building;
using Microkernel.Services.Memory.Core;

namespace Microkernel.Services.Memory.Domains;

/// <summary>Who has how much memory, may have and should have. The last is kept here only: a guest is told by XenStore.</summary>
internal sealed class MemoryAccount(IHypervisor hypervisor)
{
    private readonly ConcurrentDictionary<uint, (ulong Generation, ulong Bytes)> _targets = [];

    /// <summary>A domain is gone.</summary>
    internal void Forget(uint domain) => _targets.TryRemove(domain, out _);

    /// <summary>Changes what a guest should have, or may have.</summary>
    internal SetTargetResponse SetTarget(DomainFacts domain, SetTargetRequest request)
    {
        ulong maximum = request.HasMaximumBytes ? request.MaximumBytes : MaximumOf(domain);
        ulong target = request.HasTargetBytes ? request.TargetBytes : ulong.Min(maximum, TargetOf(domain));
        if (maximum % PhysicalMemory.FrameSize != 0 || maximum >> PhysicalMemory.FrameShift > ManifestReader.MostFrames)
            throw Failure.Argument($"at most {maximum} bytes: that is more than a domain can have, or not whole pages");
        if (target > maximum)
            throw new RpcException(new Status(StatusCode.OutOfRange, $"domain {domain.Id} may have {maximum >> 20} MiB at most, which is less than {target >> 20} MiB"));
        if (request.HasMaximumBytes)
            SetMaximum(domain, maximum >> PhysicalMemory.FrameShift);
        _targets[domain.Id] = (DomainHandle.Of(domain.Handle).Generation, target);
        return new SetTargetResponse { TargetBytes = target, MaximumBytes = maximum };
    }

    /// <summary>What there is, and who has it.</summary>
    internal GetInfoResponse Describe(GetInfoRequest request)
    {
        HostFacts host = hypervisor.GetHost();
        var response = new GetInfoResponse
        {
            TotalBytes = host.TotalPages << PhysicalMemory.FrameShift,
            FreeBytes = host.FreePages << PhysicalMemory.FrameShift,
            ClaimedBytes = host.ClaimedPages << PhysicalMemory.FrameShift,
        };
        ulong owned = response.FreeBytes;
        foreach (DomainFacts domain in hypervisor.ListDomains())
        {
            DomainMemory memory = Describe(domain);
            owned += memory.CurrentBytes + memory.PoolBytes;
            if (request.Domains.Count == 0 || request.Domains.Any(w => w.Id == domain.Id && w.Generation == memory.Domain.Generation))
                response.Domains.Add(memory);
        }

        response.CoreBytes = response.TotalBytes - ulong.Min(response.TotalBytes, owned);
        return response;
    }

    private static ulong MaximumOf(DomainFacts domain) =>
        (domain.MaximumPages - ulong.Min(domain.MaximumPages, DomainShell.ExtraPages)) << PhysicalMemory.FrameShift;

    // What was asked for last; if nobody has asked since this service began, what the domain has.
    private ulong TargetOf(DomainFacts domain) =>
        _targets.TryGetValue(domain.Id, out (ulong Generation, ulong Bytes) known) && known.Generation == DomainHandle.Of(domain.Handle).Generation
            ? known.Bytes
            : (domain.Pages - ulong.Min(domain.Pages, DomainShell.ExtraPages)) << PhysicalMemory.FrameShift;

    private DomainMemory Describe(DomainFacts domain) => new()
    {
        Domain = new DomainId { Id = domain.Id, Generation = DomainHandle.Of(domain.Handle).Generation },
        CurrentBytes = domain.Pages << PhysicalMemory.FrameShift,
        TargetBytes = TargetOf(domain),
        MaximumBytes = MaximumOf(domain),
        PoolBytes = PoolOf(domain),
    };

    // What the core keeps about a domain grows with what that may have.
    private void SetMaximum(DomainFacts domain, ulong frames)
    {
        ulong pool = DomainShell.PoolFor(frames, domain.Vcpus);
        if (pool > hypervisor.GetPool(domain.Id))
            hypervisor.SetPool(domain.Id, pool);
        hypervisor.SetMaximum(domain.Id, frames + DomainShell.ExtraPages);
    }

    private ulong PoolOf(DomainFacts domain)
    {
        try
        {
            return hypervisor.GetPool(domain.Id);
        }
        catch (HypervisorException e) when (e.Error == HypervisorException.NoDomain)
        {
            // It has gone since it was listed.
            return 0;
        }
    }
}
