using System;
using System.Collections.Generic;
using System.Linq;
using Microkernel.Services.Toolstack.Core;
using Microkernel.Xen;

namespace Microkernel.Services.Toolstack;

/// <summary>The core, by hypercalls.</summary>
internal sealed class XenCore : ICore
{
    private const int PageShift = 12;

    /// <summary>Less than a ring's message.</summary>
    private const int LogPart = 32 << 10;

    private readonly ServiceHost _host;
    private readonly InformationCalls _information;
    private readonly ControlCalls _control;

    internal XenCore(ServiceHost host)
    {
        _host = host;
        _information = new InformationCalls(host.Privcmd);
        _control = new ControlCalls(host.Privcmd);
    }

    public uint OwnDomain => _host.Info.Entry;

    public uint FirstGuest => _host.Info.FirstGuest;

    public ulong Now => Ask(_information.Now);

    public IReadOnlyList<CoreDomain> ListDomains() => Ask(() => (IReadOnlyList<CoreDomain>)[.. _information.ListDomains().Select(Describe)]);

    public CoreVcpu? GetVcpu(uint domain, uint vcpu) => Ask(() =>
        _information.GetVcpu((ushort)domain, vcpu) is { } found
            ? new CoreVcpu(found.Cpu, found.IsOnline, found.IsRunning, found.IsBlocked, found.CpuTime, [found.Affinity])
            : null);

    // The core counts pauses; here there is one, the operator's.
    public void Pause(uint domain) => Ask(() =>
    {
        if (!Find(domain).IsPaused)
            _control.Pause((ushort)domain);
        return true;
    });

    public void Unpause(uint domain) => Ask(() =>
    {
        if (Find(domain).IsPaused)
            _control.Unpause((ushort)domain);
        return true;
    });

    public CoreHost GetHost() => Ask(() =>
    {
        HostDescription host = _information.GetHost();
        string version = $"{_host.Own.Version()}{_host.Own.ExtraVersion()}";
        return new CoreHost(
            version, host.Cpus, host.CpuKilohertz, host.TotalPages << PageShift, host.FreePages << PageShift, _host.Own.Capabilities());
    });

    public CoreLogPart ReadLog(uint index, bool clears) => Ask(() =>
    {
        byte[] text = _information.ReadLog(ref index, LogPart);
        // What was not read yet is not forgotten.
        if (clears && text.Length < LogPart)
            _information.ClearLog();
        return new CoreLogPart(text, index);
    });

    public CoreAudit? Audit()
    {
        try
        {
            AuditResult result = _host.Calls.Audit();
            return new CoreAudit((ulong)result.Violations, (ulong)result.FreeFrames);
        }
        catch (XenException e) when (e.Error == ErrorNumber.Again)
        {
            return null;
        }
        catch (XenException e)
        {
            throw new CoreException(e.Error, e.Tried);
        }
    }

    private static CoreDomain Describe(DomainDescription domain) => new()
    {
        Id = domain.Id,
        IsDying = domain.IsDying,
        End = (DomainEnd?)domain.End,
        IsPaused = domain.IsPaused,
        IsBlocked = domain.IsBlocked,
        MemoryBytes = domain.Pages << PageShift,
        MaximumBytes = domain.MostPages << PageShift,
        CpuTime = domain.CpuTime,
        LastVcpu = domain.LastVcpu,
    };

    private static T Ask<T>(Func<T> call)
    {
        try
        {
            return call();
        }
        catch (XenException e)
        {
            throw new CoreException(e.Error, e.Tried);
        }
    }

    private DomainDescription Find(uint domain) => _information.GetDomain((ushort)domain)
        ?? throw new CoreException(CoreException.NoSuchDomain, $"find domain {domain}");
}
