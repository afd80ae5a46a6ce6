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
    private readonly DomainRemover _remover;
    private readonly MemoryAccount _account;
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
        _remover = new DomainRemover(hypervisor, log);
        _account = new MemoryAccount(hypervisor);
    }

    /// <summary>After a start of this service: guests that it had not built to the end are given up; all others are left alone.</summary>
    public void Recover()
    {
        foreach (DomainFacts domain in _hypervisor.ListDomains())
        {
            DomainHandle handle = DomainHandle.Of(domain.Handle);
            if (domain.Id < _hypervisor.FirstGuest || handle.IsComplete)
                continue;
            _log($"domain {domain.Id} was not built to the end: destroyed");
            _remover.Destroy(domain.Id, handle.Generation);
        }
    }

    /// <summary>To be called when there is a new connection to who builds guests: what the one before was building is given up.</summary>
    public void BeginSession()
    {
        IReadOnlyList<DomainBuild> left = _builds.BeginSession();
        if (left.Count != 0)
            _ = Task.Run(() => GiveUp(left, "its builder has begun anew"));
    }

    /// <summary>To be called now and then: gives up what nobody goes on with, and tries again to destroy what could not be destroyed.</summary>
    public void Tend()
    {
        GiveUp(_builds.FindIdle(BuildPatience), $"nobody went on with it for {BuildPatience.TotalSeconds:0} s");
        _remover.Retry();
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
            long session = _builds.Session;
            DomainHandle handle = DomainHandle.New();
            uint domain = DomainShell.Make(_hypervisor, 0, guest.Config, guest.MaximumFrames, handle, d => _remover.Destroy(d, handle.Generation));
            DomainBuild build = new(_hypervisor, domain, handle, guest.Config, guest.KernelLength, guest.RamdiskLength);
            if (!_builds.TryAdd(request.RequestId, build, session))
            {
                _remover.Destroy(domain, handle.Generation);
                throw Failure.Aborted("the connection has begun anew meanwhile");
            }

            return Answer(domain, handle.Generation);
        }
    });

    /// <inheritdoc/>
    public override Task<LoadResponse> Load(LoadRequest request, ServerCallContext context) => Run(() =>
    {
        DomainBuild build = Find(request.Domain);
        lock (build)
        {
            RefuseIfOver(build);
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
            RefuseIfOver(build);
            DomainPorts ports = build.FinishGuest(_backEnds);
            build.IsOver = true;
            _builds.Finish(build);
            return new FinishResponse { ConsolePort = ports.Console, StorePort = ports.Store };
        }
    });

    /// <inheritdoc/>
    public override Task<DestroyResponse> Destroy(DestroyRequest request, ServerCallContext context) => Run(() =>
    {
        DomainId wanted = request.Domain ?? throw Failure.Argument("which domain?");
        RefuseServices(wanted.Id);
        DomainFacts? domain = FindFacts(wanted, isDyingToo: true);
        if (domain is null)
            return new DestroyResponse();
        if (_builds.Remove(wanted.Id) is { } build)
        {
            lock (build)
                build.IsOver = true;
        }

        _account.Forget(wanted.Id);
        if (!_remover.Destroy(wanted.Id, wanted.Generation))
            throw Failure.Internal($"domain {wanted.Id} cannot be destroyed now; that is tried again");
        _watcher.Scan();
        return new DestroyResponse { ReturnedBytes = domain.Pages << PhysicalMemory.FrameShift };
    });

    /// <inheritdoc/>
    public override Task<SetTargetResponse> SetTarget(SetTargetRequest request, ServerCallContext context) => Run(() =>
    {
        DomainId wanted = request.Domain ?? throw Failure.Argument("which domain?");
        RefuseServices(wanted.Id);
        DomainFacts domain = FindFacts(wanted, isDyingToo: false) ?? throw Failure.NotFound($"there is no domain {wanted.Id} of that generation");
        return _account.SetTarget(domain, request);
    });

    /// <inheritdoc/>
    public override Task<GetInfoResponse> GetInfo(GetInfoRequest request, ServerCallContext context) => Run(() => _account.Describe(request));

    /// <inheritdoc/>
    public override async Task WatchDomains(WatchDomainsRequest request, IServerStreamWriter<DomainChange> responseStream, ServerCallContext context)
    {
        await foreach (DomainChange change in _watcher.Listen(context.CancellationToken).ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
            await responseStream.WriteAsync(change, context.CancellationToken).ConfigureAwait(false);
    }

    private static ClaimResponse Answer(uint domain, ulong generation) => new() { Domain = new DomainId { Id = domain, Generation = generation } };

    // Hypercalls may take long: not on the thread that serves the ring.
    private Task<T> Run<T>(Func<T> work) => Task.Run(() =>
    {
        try
        {
            return work();
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.PermissionDenied)
        {
            // An honest caller never asks for it.
            _log($"refused: {e.Status.Detail}");
            throw;
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
        ulong needed = DomainShell.PagesFor(guest.Config, guest.MaximumFrames);
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

    private DomainFacts? FindFacts(DomainId wanted, bool isDyingToo) => _hypervisor.ListDomains().FirstOrDefault(
        d => d.Id == wanted.Id && (isDyingToo || !d.IsDying) && DomainHandle.Of(d.Handle).Generation == wanted.Generation);

    private static void RefuseIfOver(DomainBuild build)
    {
        if (build.IsOver)
            throw Failure.NotFound($"domain {build.Domain} is not being built any more");
    }

    private void GiveUp(IReadOnlyList<DomainBuild> builds, string why)
    {
        foreach (DomainBuild build in builds)
        {
            // One that is completed just now is not given up.
            lock (build)
            {
                if (build.IsOver)
                    continue;
                build.IsOver = true;
                _log($"domain {build.Domain} is given up: {why}");
                _builds.Remove(build.Domain);
                _remover.Destroy(build.Domain, build.Handle.Generation);
            }
        }
    }
}
