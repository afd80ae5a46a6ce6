namespace Microkernel.Xen;

/// <summary>The hypervisor's virtual interrupts (VIRQ_*), those of the whole machine.</summary>
public static class VirtualInterrupt
{
    /// <summary>The operator's doorbell; needs the privilege Doorbell.</summary>
    public const uint Console = 2;

    /// <summary>A domain has ended, or is gone; needs the privilege Events.</summary>
    public const uint DomainException = 3;
}
