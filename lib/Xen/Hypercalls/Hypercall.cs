namespace Microkernel.Xen;

/// <summary>Numbers of hypercalls (xen.h).</summary>
public static class Hypercall
{
    /// <summary>memory_op.</summary>
    public const uint Memory = 12;

    /// <summary>xen_version.</summary>
    public const uint Version = 17;

    /// <summary>console_io.</summary>
    public const uint Console = 18;

    /// <summary>grant_table_op.</summary>
    public const uint GrantTable = 20;

    /// <summary>vcpu_op.</summary>
    public const uint Vcpu = 24;

    /// <summary>sched_op.</summary>
    public const uint Scheduler = 29;

    /// <summary>event_channel_op.</summary>
    public const uint EventChannel = 32;

    /// <summary>hvm_op.</summary>
    public const uint Hvm = 34;

    /// <summary>sysctl.</summary>
    public const uint System = 35;

    /// <summary>domctl.</summary>
    public const uint Domain = 36;

    /// <summary>service_op, this hypervisor's own (__HYPERVISOR_arch_0).</summary>
    public const uint Service = 48;
}
