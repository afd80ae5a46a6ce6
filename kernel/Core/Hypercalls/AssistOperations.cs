using Microkernel.Core.Abi;

namespace Microkernel.Core.Hypercalls;

/// <summary>vm_assist (VMASST_* of xen/xen.h): the one type that is not for PV guests.</summary>
public static class AssistOperations
{
    private const ulong RunstateUpdateFlag = 5;

    /// <summary>VMASST_CMD_enable and VMASST_CMD_disable.</summary>
    public static readonly SubOperation[] Table = [new(0, "enable", "vcpu"), new(1, "disable", "vcpu")];

    /// <summary>Serves both.</summary>
    public static long Serve(ref HypercallCall call)
    {
        if ((uint)call.Arg0 > 1)
            return XenError.ENOSYS;

        if ((uint)call.Arg1 != RunstateUpdateFlag)
            return XenError.EINVAL;

        call.Domain.MarksRunstateUpdates = (uint)call.Arg0 == 0;
        return 0;
    }
}
