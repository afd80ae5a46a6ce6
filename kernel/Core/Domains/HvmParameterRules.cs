using Microkernel.Core.Abi;
using Microkernel.Core.Hardware;

namespace Microkernel.Core.Domains;

/// <summary>
/// Which HVM parameters (xen/hvm/params.h) a guest may read and set for itself, and who builds it for it; the same answers as Xen's.
/// </summary>
public static class HvmParameterRules
{
    private const uint X87FipWidth = 36;
    private const uint AcpiIoPorts = 19;

    /// <summary>0, EINVAL (no longer exists, bad value) or EPERM.</summary>
    public static long CheckSet(uint index, ulong value, bool isForeign)
    {
        switch (GuestChoice.Bound(index))
        {
            case HvmParameters.CallbackIrq:
            case HvmParameters.StoreEventChannel:
            case HvmParameters.ConsoleEventChannel:
            case 15: // VM86_TSS
            case 34: // VM_GENERATION_ID_ADDR
            case 37: // VM86_TSS_SIZED
                return 0;
            case X87FipWidth:
                return value is 0 or 4 or 8 ? 0 : XenError.EINVAL;
            case AcpiIoPorts:
                return XenError.ENODEV; // no power-management timer
            default:
                return IsGone(index) ? XenError.EINVAL : isForeign ? 0 : XenError.EPERM;
        }
    }

    /// <summary>0, EINVAL (no longer exists) or EPERM.</summary>
    public static long CheckGet(uint index, bool isForeign)
    {
        switch (GuestChoice.Bound(index))
        {
            case HvmParameters.CallbackIrq:
            case HvmParameters.StorePfn:
            case HvmParameters.StoreEventChannel:
            case HvmParameters.ConsolePfn:
            case HvmParameters.ConsoleEventChannel:
            case AcpiIoPorts:
            case X87FipWidth:
            case 15: // VM86_TSS
            case 34: // VM_GENERATION_ID_ADDR
            case 35: // ALTP2M
            case 37: // VM86_TSS_SIZED
                return 0;
            default:
                return IsGone(index) ? XenError.EINVAL : isForeign ? 0 : XenError.EPERM;
        }
    }

    // PAE_ENABLED, DM_DOMAIN, MEMORY_EVENT_*, NESTEDHVM, BUFIOREQ_EVTCHN.
    private static bool IsGone(uint index) => index is 4 or 13 or (>= 20 and <= 26) or 30;
}
