using Microkernel.Core.Abi;

namespace Microkernel.Core.Hypercalls;

/// <summary>platform_op (xen/platform.h): only for the domain that owns the platform.</summary>
public static class PlatformOperations
{
    // XENPF_INTERFACE_VERSION of xen/platform.h.
    private const uint InterfaceVersion = 0x03000001;

    /// <summary>EFAULT and EACCES (another version) come before EPERM, as on Xen.</summary>
    public static long Refuse(ref HypercallCall call)
    {
        if (!call.TryRead(call.Arg0, out HvmAbi.PlatformHeader header))
            return XenError.EFAULT;

        return header.InterfaceVersion == InterfaceVersion ? XenError.EPERM : XenError.EACCES;
    }
}
