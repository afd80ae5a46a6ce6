using System.Collections.Generic;
using System.Linq;
using Microkernel.Xen;

namespace Microkernel.Services.Scheduler;

/// <summary>The core, by domctl and sysctl.</summary>
internal sealed class XenSchedulingCore : ISchedulingCore
{
    private readonly InformationCalls _information;
    private readonly ControlCalls _control;

    internal XenSchedulingCore(Privcmd privcmd)
    {
        _information = new InformationCalls(privcmd);
        _control = new ControlCalls(privcmd);
    }

    public IReadOnlyList<uint> ListCpus() => [.. Enumerable.Range(0, (int)_information.GetHost().Cpus).Select(static cpu => (uint)cpu)];

    public IReadOnlyList<uint> ListDomains() => [.. _information.ListDomains().Where(static d => !d.IsDying).Select(static d => (uint)d.Id)];

    public Credit? Get(uint domain)
    {
        if (domain > ushort.MaxValue)
            return null;
        try
        {
            (ushort weight, ushort cap) = _control.GetSchedule((ushort)domain);
            return new Credit(weight, cap);
        }
        catch (XenException e) when (IsGone(e))
        {
            return null;
        }
    }

    public bool Set(uint domain, Credit parameters)
    {
        try
        {
            _control.SetSchedule((ushort)domain, parameters.Weight, parameters.Cap);
            return true;
        }
        catch (XenException e) when (IsGone(e))
        {
            return false;
        }
        catch (XenException e) when (e.Error == ErrorNumber.NotSupported && parameters.Cap != 0)
        {
            throw new SchedulingException("the core has no caps: leave the cap at 0, and set weights");
        }
        catch (XenException e)
        {
            throw new SchedulingException(e.Message);
        }
    }

    /// <summary>A domain without vCPUs, which is still being built, answers EINVAL.</summary>
    private static bool IsGone(XenException e) => e.Error is ErrorNumber.NoSuchDomain or ErrorNumber.Invalid;
}
