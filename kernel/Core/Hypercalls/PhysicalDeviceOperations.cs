namespace Microkernel.Core.Hypercalls;

/// <summary>
/// physdev_op (xen/physdev.h) for a PVH guest: Xen offers it the interrupt operations alone where interrupts of devices come as event
/// channels (XENFEAT_hvm_pirqs), which is not so here; so every one is ENOSYS, as on Xen.
/// </summary>
public static class PhysicalDeviceOperations
{
    private const string Test = "hvm";

    /// <summary>The operations that guests try.</summary>
    public static readonly SubOperation[] Table =
    [
        new(2, "irq_status_query", Test) { Note = "ENOSYS" },
        new(5, "set_iopl", Test) { Note = "ENOSYS" },
        new(12, "eoi", Test) { Note = "ENOSYS" },
        new(13, "map_pirq", Test) { Note = "ENOSYS" },
        new(14, "unmap_pirq", Test) { Note = "ENOSYS" },
        new(17, "pirq_eoi_gmfn_v1", Test) { Note = "ENOSYS" },
        new(23, "get_free_pirq", Test) { Note = "ENOSYS" },
        new(28, "pirq_eoi_gmfn_v2", Test) { Note = "ENOSYS" },
    ];
}
