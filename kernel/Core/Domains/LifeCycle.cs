using System;
using System.Threading;
using Microkernel.Core.Abi;
using Microkernel.Core.Boot;
using Microkernel.Core.Dispatch;
using Microkernel.Core.Logging;
using Microkernel.Core.Memory;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Domains;

/// <summary>
/// Moves domains through their lives: building, running, shut down, dying. The work is done in small pieces by whichever CPU is
/// between two slices, so that a domain that comes or goes does not hold up the others.
/// </summary>
public sealed class LifeCycle
{
    private readonly Kernel _kernel;
    private readonly DomainBuilder _builder;
    private Domain? _unfinished;
    private int _busy;
    private bool _mayHaveWork;
    private bool _saidAllEnded;
    private bool _auditIsDue;

    /// <summary>The life cycle of the domains of <paramref name="kernel"/>.</summary>
    public LifeCycle(Kernel kernel)
    {
        _kernel = kernel;
        _builder = new DomainBuilder(kernel);
    }

    /// <summary>Some domain has a step to take, and no CPU is at it (who goes on until there is none).</summary>
    public bool HasWork => Volatile.Read(ref _mayHaveWork) && Volatile.Read(ref _busy) == 0;

    /// <summary>Some domain has been started since the core's start.</summary>
    public bool AnyStarted { get; private set; }

    /// <summary>Asks for an audit of all memory records; it is done, and its result logged, as soon as no domain is half built or half gone.</summary>
    public void RequestAudit()
    {
        Volatile.Write(ref _auditIsDue, true);
        Volatile.Write(ref _mayHaveWork, true);
    }

    /// <summary>Audits all memory records now. False: some domain is half built or half gone.</summary>
    public bool TryAudit(out bool isClean)
    {
        isClean = false;
        if (Interlocked.CompareExchange(ref _busy, 1, 0) != 0)
            return false;

        bool isPossible = true;
        foreach (Domain domain in _kernel.Domains.Slots)
            isPossible &= domain.State is not (DomainState.Building or DomainState.Dying);

        isClean = isPossible && Audit.Check(_kernel);
        Volatile.Write(ref _busy, 0);

        // Who has seen that somebody was at it waits.
        if (HasWork)
            Notify();

        return isPossible;
    }

    /// <summary>A domain has ended: CPUs that wait should look.</summary>
    public void Notify()
    {
        Volatile.Write(ref _mayHaveWork, true);

        // Pairs with the barrier in Dispatcher.Wait: either that CPU sees the work, or it is seen to be idle here.
        Interlocked.MemoryBarrier();
        foreach (PhysicalCpu cpu in _kernel.Cpus)
        {
            if (cpu.IsIdle && cpu.Index != _kernel.Machine.CurrentCpu)
                _kernel.Machine.SendKick(cpu.Index);
        }
    }

    /// <summary>Gives every slot its first domain; they are built one after the other as pieces of work.</summary>
    public void StartAll()
    {
        foreach (Domain domain in _kernel.Domains.Slots)
        {
            if (!domain.IsMade)
                Begin(domain);
        }
    }

    /// <summary>A domain executes its first instruction now: every vCPU that has a state may run. Its <see cref="Domain.ControlLock"/> is held.</summary>
    public void Start(Domain domain)
    {
        domain.State = DomainState.Running;
        Report(domain, "started"u8);
        if (!AnyStarted)
        {
            AnyStarted = true;
            _kernel.Machine.FirstDomainStarts();
        }

        _kernel.Dispatcher.BringOnline(domain.VcpuAt(0));
    }

    /// <summary>Does one piece of work if there is any and no other CPU is at it. False if there was nothing to do here.</summary>
    public bool DoPiece()
    {
        if (!HasWork || Interlocked.CompareExchange(ref _busy, 1, 0) != 0)
            return false;

        // What comes up from here on says so anew.
        Volatile.Write(ref _mayHaveWork, false);
        Interlocked.MemoryBarrier();
        Domain? domain = FindWork();
        if (domain != null)
        {
            Volatile.Write(ref _mayHaveWork, true);
            Advance(domain);
        }
        else if (_auditIsDue)
        {
            Inspect();
        }

        Volatile.Write(ref _busy, 0);
        return domain != null;
    }

    private void Inspect()
    {
        _auditIsDue = false;
        if (Audit.Check(_kernel))
            _kernel.Log.Write($"audit: clean, {_kernel.Memory.Allocator.FreeFrames} frames free");

        ReportWhenAllEnded();
    }

    // The builder works on one domain at a time: what is begun is finished first.
    private Domain? FindWork()
    {
        if (_unfinished != null)
            return _unfinished;

        foreach (Domain domain in _kernel.Domains.Slots)
        {
            if (HasStepToTake(domain))
                return domain;
        }

        return null;
    }

    private static bool HasStepToTake(Domain domain) => domain.State switch
    {
        DomainState.Building or DomainState.Dying => true,
        DomainState.Created or DomainState.Running => domain.IsEnding,
        DomainState.ShutDown => domain.IsDoomed,
        _ => false,
    };

    private void Begin(Domain domain)
    {
        _kernel.Domains.Assign(domain);
        domain.State = DomainState.Building;
        Volatile.Write(ref _mayHaveWork, true);
    }

    private void Advance(Domain domain)
    {
        using Hardware.TicketLock.Holder held = domain.ControlLock.Hold();
        switch (domain.State)
        {
            case DomainState.Building:
                Build(domain);
                break;
            case DomainState.Created or DomainState.Running:
                AfterEnd(domain);
                break;
            case DomainState.ShutDown:
                domain.State = DomainState.Dying;
                break;
            default:
                TakeDown(domain);
                break;
        }
    }

    private void Build(Domain domain)
    {
        BuildProgress progress = _builder.DoPiece(domain);
        _unfinished = progress == BuildProgress.Working ? domain : null;
        switch (progress)
        {
            case BuildProgress.Done:
                Start(domain);
                break;
            case BuildProgress.Failed:
                domain.State = DomainState.Dying;
                break;
        }
    }

    private void AfterEnd(Domain domain)
    {
        foreach (Vcpu vcpu in domain.Vcpus)
        {
            if (!_kernel.Dispatcher.IsAtRest(vcpu))
                return;
        }

        foreach (Vcpu vcpu in domain.Vcpus)
            _kernel.Dispatcher.Retire(vcpu);

        if (!domain.Console.Drain())
            return;

        ReportEnd(domain);
        bool stays = domain.IsMade ? !domain.IsDoomed : domain.Config.ActionFor(domain.EndReason) == EndAction.Preserve;
        domain.State = stays ? DomainState.ShutDown : DomainState.Dying;
        Announce();
        ReportWhenAllEnded();
    }

    private void TakeDown(Domain domain)
    {
        if (!DomainTeardown.DoPiece(domain))
            return;

        bool restarts = !domain.IsMade && domain.IsEnding && domain.Config.ActionFor(domain.EndReason) == EndAction.Restart;
        if (restarts)
            Report(domain, "restarting"u8);

        domain.ReturnVcpus();
        _kernel.Domains.Release(domain);
        Announce();
        _auditIsDue |= _kernel.Boot.AuditsEnds;
        if (restarts)
            Begin(domain);

        ReportWhenAllEnded();
    }

    // As Xen raises it: a domain has ended, or is gone.
    private void Announce() => _kernel.Domains.Raise(EventChannelAbi.VirqDomainExited, Privilege.Events);

    private void Report(Domain domain, ReadOnlySpan<byte> what) =>
        _kernel.Log.Write($"domain {domain.Id} \"{domain.Config.Name}\" {what}");

    private void ReportEnd(Domain domain) => _kernel.Log.Write(
        $"domain {domain.Id} \"{domain.Config.Name}\" ended: {NameOf(domain.EndReason)}: {domain.EndDetail.Text}");

    private void ReportWhenAllEnded()
    {
        foreach (Domain domain in _kernel.Domains.Slots)
        {
            if (domain.State is not (DomainState.Empty or DomainState.ShutDown))
                return;
        }

        if (!_saidAllEnded && !_auditIsDue)
        {
            _saidAllEnded = true;
            _kernel.Log.Write($"all domains have ended");
        }
    }

    private static ReadOnlySpan<byte> NameOf(ShutdownReason reason) => reason switch
    {
        ShutdownReason.Poweroff => "poweroff"u8,
        ShutdownReason.Reboot => "reboot"u8,
        ShutdownReason.Suspend => "suspend"u8,
        ShutdownReason.Crash => "crash"u8,
        ShutdownReason.Watchdog => "watchdog"u8,
        ShutdownReason.Destroyed => "destroyed"u8,
        _ => "soft reset"u8,
    };
}
