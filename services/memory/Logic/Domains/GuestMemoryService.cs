using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Grpc.Core;
using Microkernel.Core.Hardware;
using Microkernel.Protos.Memory;
using Microkernel.Services.Memory.Building;
using Microkernel.Services.Memory.Core;

namespace Microkernel.Services.Memory.Domains;

/// <summary>The gRPC service Memory: guests are claimed, filled, sealed and destroyed (docs/memory-service.md).</summary>
public sealed class GuestMemoryService : Protos.Memory.Memory.MemoryBase
{
    /// <summary>A guest that is being built and gets nothing for so long is given up.</summary>
    public static readonly TimeSpan BuildPatience = TimeSpan.FromSeconds(60);

    private readonly IHypervisor _hypervisor;
    private readonly DomainWatcher _watcher;
    private readonly BackEnds _backEnds;
    private readonly Action<string> _log;
    private readonly BuildTable _builds;
    private readonly Lock _claiming = new();

    /// <summary>The service.</summary>
    /// <param name="hypervisor">The core.</param>
    /// <param name="watcher">Tells of domains that end.</param>
    /// <param name="backEnds">Who serves guests' consoles and store.</param>
    /// <param name="time">The time.</param>
    /// <param name="log">For what an operator should know.</param>
    public GuestMemoryService(IHypervisor hypervisor, DomainWatcher watcher, BackEnds backEnds, TimeProvider time, Action<string> log)
    {
        _hypervisor = hypervisor;
        _watcher = watcher;
        _backEnds = backEnds;
        _log = log;
        _builds = new BuildTable(time);
    }

    /// <summary>After a start of this service: guests that it had not built to the end are given up; all others are left alone.</summary>
    public void Recover()
    {
        foreach (DomainFacts domain in _hypervisor.ListDomains())
        {
            if (domain.Id >= _hypervisor.FirstGuest && !DomainHandle.Of(domain.Handle).IsComplete)
            {
                _log($"domain {domain.Id} was not built to the end: destroyed");
                _hypervisor.Destroy(domain.Id);
            }
        }
    }

    /// <summary>Gives up what nobody goes on with: after <see cref="BuildPatience"/>, or at once when who built it has begun again.</summary>
    public void AbandonBuilds(TimeSpan idle)
    {
        foreach (DomainBuild build in _builds.TakeIdle(idle))
        {
            _log($"domain {build.Domain} is not built any further: destroyed");
            lock (build)
                _hypervisor.Destroy(build.Domain);
        }
    }

    /// <inheritdoc/>
    public override Task<ClaimResponse> Claim(ClaimRequest request, ServerCallContext context) => Run(() =>
    {
        GuestRequest guest = GuestRequest.Of(request);
        lock (_claiming)
        {
            if (_builds.TryGetAnswer(request.RequestId, out (uint Domain, ulong Generation) earlier))
                return Answer(earlier.Domain, earlier.Generation);
            CheckRoom(guest);
            DomainHandle handle = DomainHandle.New();
            uint domain = DomainShell.Make(_hypervisor, 0, guest.Config, guest.MaximumFrames, handle);
            _builds.Add(request.RequestId, new DomainBuild(_hypervisor, domain, handle, guest.Config, guest.KernelLength, guest.RamdiskLength));
            return Answer(domain, handle.Generation);
        }
    });

    /// <inheritdoc/>
    public override Task<LoadResponse> Load(LoadRequest request, ServerCallContext context) => Run(() =>
    {
        DomainBuild build = Find(request.Domain);
        lock (build)
        {
            ulong loaded = request.Image switch
            {
                Image.Kernel => build.LoadKernel(request.Offset, request.Data.Span),
                Image.Ramdisk => build.LoadRamdisk(request.Offset, request.Data.Span),
                _ => throw Failure.Argument("a part belongs to the kernel or to the RAM disk"),
            };
            return new LoadResponse { LoadedBytes = loaded };
        }
    });

    /// <inheritdoc/>
    public override Task<FinishResponse> Finish(FinishRequest request, ServerCallContext context) => Run(() =>
    {
        DomainBuild build = Find(request.Domain);
        lock (build)
        {
            DomainPorts ports = build.FinishGuest(_backEnds);
            _builds.Remove(build.Domain);
            return new FinishResponse { ConsolePort = ports.Console, StorePort = ports.Store };
        }
    });

    /// <inheritdoc/>
    public override Task<DestroyResponse> Destroy(DestroyRequest request, ServerCallContext context) => Run(() =>
    {
        DomainId wanted = request.Domain ?? throw Failure.Argument("which domain?");
        RefuseServices(wanted.Id);
        DomainFacts? domain = FindFacts(wanted);
        if (domain is null)
            return new DestroyResponse();
        _builds.Remove(wanted.Id);
        _hypervisor.Destroy(wanted.Id);
        _watcher.Scan();
        return new DestroyResponse { ReturnedBytes = domain.Pages << PhysicalMemory.FrameShift };
    });

    /// <inheritdoc/>
    public override Task<SetTargetResponse> SetTarget(SetTargetRequest request, ServerCallContext context) => Run(() =>
    {
        DomainId wanted = request.Domain ?? throw Failure.Argument("which domain?");
        RefuseServices(wanted.Id);
        DomainFacts domain = FindFacts(wanted) ?? throw Failure.NotFound($"there is no domain {wanted.Id} of that generation");
        ulong maximum = request.HasMaximumBytes ? request.MaximumBytes : (domain.MaximumPages - DomainShell.ExtraPages) << PhysicalMemory.FrameShift;
        ulong target = request.HasTargetBytes ? request.TargetBytes : ulong.Min(maximum, domain.Pages << PhysicalMemory.FrameShift);
        if (target > maximum)
            throw new RpcException(new Status(StatusCode.OutOfRange, $"domain {wanted.Id} may have {maximum >> 20} MiB at most, which is less than {target >> 20} MiB"));
        if (request.HasMaximumBytes)
            _hypervisor.SetMaximum(wanted.Id, (maximum >> PhysicalMemory.FrameShift) + DomainShell.ExtraPages);
        return new SetTargetResponse { TargetBytes = target, MaximumBytes = maximum };
    });

    /// <inheritdoc/>
    public override Task<GetInfoResponse> GetInfo(GetInfoRequest request, ServerCallContext context) => Run(() =>
    {
        HostFacts host = _hypervisor.GetHost();
        var response = new GetInfoResponse
        {
            TotalBytes = host.TotalPages << PhysicalMemory.FrameShift,
            FreeBytes = host.FreePages << PhysicalMemory.FrameShift,
            ClaimedBytes = host.ClaimedPages << PhysicalMemory.FrameShift,
        };
        IEnumerable<DomainFacts> domains = _hypervisor.ListDomains().Where(d => request.Domains.Count == 0 || request.Domains.Any(w => w.Id == d.Id));
        response.Domains.AddRange(domains.Select(static d => new DomainMemory
        {
            Domain = new DomainId { Id = d.Id, Generation = DomainHandle.Of(d.Handle).Generation },
            CurrentBytes = d.Pages << PhysicalMemory.FrameShift,
            MaximumBytes = d.MaximumPages << PhysicalMemory.FrameShift,
        }));
        return response;
    });

    /// <inheritdoc/>
    public override async Task WatchDomains(WatchDomainsRequest request, IServerStreamWriter<DomainChange> responseStream, ServerCallContext context)
    {
        await foreach (DomainChange change in _watcher.Listen(context.CancellationToken).ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
            await responseStream.WriteAsync(change, context.CancellationToken).ConfigureAwait(false);
    }

    private static ClaimResponse Answer(uint domain, ulong generation) => new() { Domain = new DomainId { Id = domain, Generation = generation } };

    // Hypercalls may take long: not on the thread that serves the ring.
    private static Task<T> Run<T>(Func<T> work) => Task.Run(() =>
    {
        try
        {
            return work();
        }
        catch (BuildException e)
        {
            throw Failure.Precondition($"the domain cannot be built: {e.Message}");
        }
        catch (HypervisorException e) when (e.Error == HypervisorException.NoMemory)
        {
            throw Failure.Exhausted(e.Message);
        }
        catch (HypervisorException e)
        {
            throw Failure.Internal(e.Message);
        }
    });

    private void CheckRoom(GuestRequest guest)
    {
        HostFacts host = _hypervisor.GetHost();
        ulong needed = DomainShell.PagesFor(guest.Config);
        ulong free = host.FreePages - ulong.Min(host.FreePages, host.ClaimedPages);
        if (needed > free)
            throw Failure.Exhausted($"the domain needs {needed >> 8} MiB with what the core keeps about it, and the host has {free >> 8} of {host.TotalPages >> 8} MiB free");
    }

    private void RefuseServices(uint domain)
    {
        if (domain < _hypervisor.FirstGuest)
            throw Failure.Denied($"domain {domain} is a service: the supervisor starts and stops it");
    }

    private DomainBuild Find(DomainId? domain) =>
        _builds.Find(domain?.Id ?? 0, domain?.Generation ?? 0) ?? throw Failure.NotFound($"domain {domain?.Id} is not being built (any more)");

    private DomainFacts? FindFacts(DomainId wanted) => _hypervisor.ListDomains()
        .FirstOrDefault(d => d.Id == wanted.Id && !d.IsDying && DomainHandle.Of(d.Handle).Generation == wanted.Generation);
}
