using System.Collections.Generic;
using System.Linq;

namespace Microkernel.Services.Scheduler;

/// <summary>Makes what a policy sees.</summary>
public static class Views
{
    /// <summary>A pool's view.</summary>
    public static PoolView Of(SchedulingPool pool, Setup setup, Members members, Usage usage)
    {
        ulong mask = pool.Mask;
        return new PoolView
        {
            Name = pool.Name,
            Cpus = pool.Cpus,
            HasFloors = members.HasFloors(pool),
            ElapsedNs = usage.ElapsedNs,
            Domains =
            [
                .. members.Of(pool).GroupBy(static v => DomainKey.Of(v.Key)).OrderBy(static d => d.Key.Domain)
                    .Select(d => Describe(d.Key, setup.Of(d.Key), d, mask, usage)),
            ],
        };
    }

    /// <summary>The CPUs that a vCPU may run on: of the pool's those that its operator and the core leave it, or else all.</summary>
    public static ulong Allowed(ulong pool, ulong wanted, ulong pin)
    {
        ulong pinned = (pool & pin) != 0 ? pool & pin : pool;
        return wanted != 0 && (pinned & wanted) != 0 ? pinned & wanted : pinned;
    }

    private static DomainView Describe(DomainKey domain, DomainSettings settings, IEnumerable<VcpuRecord> vcpus, ulong mask, Usage usage) => new()
    {
        Domain = domain.Domain,
        Settings = settings,
        Vcpus = [.. vcpus.OrderBy(static v => v.Key.Vcpu).Select(v => Describe(v, Allowed(mask, settings.Pin, v.Pin), usage))],
    };

    private static VcpuView Describe(VcpuRecord vcpu, ulong allowed, Usage usage)
    {
        (ulong ran, ulong waited, ulong wakeups) = usage.Of(vcpu.Key);
        return new VcpuView
        {
            Key = vcpu.Key,
            Activity = vcpu.Activity,
            Cpu = vcpu.Cpu,
            Allowed = allowed,
            RanNs = ran,
            WaitedNs = waited,
            Wakeups = wakeups,
        };
    }
}
