using Microkernel.Core.Abi;
using Microkernel.Core.Console;
using Microkernel.Core.Dispatch;
using Microkernel.Core.Domains;
using Microkernel.Core.Events;
using Microkernel.Core.Grants;
using Microkernel.Core.Hardware;
using Microkernel.Core.Memory;
using Microkernel.Core.Time;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Hypercalls;

/// <summary>
/// The ABI: every hypercall that exists. <see cref="All"/> describes what <see cref="Serve"/> does; docs/abi-coverage.md and the tests come
/// from it, and nothing of it is in the core's image. What is not here gets -ENOSYS.
/// </summary>
public static class HypercallTable
{
    /// <summary>All hypercalls, by number.</summary>
    public static Hypercall[] All { get; } =
    [
        new(7, "platform_op", new SubOperation(0, "platform_op", "hvm") { Note = "EPERM" }),
        new(12, "memory_op", MemoryOperations.Table),
        new(13, "multicall", new SubOperation(0, "multicall", "hvm")),
        new(15, "set_timer_op", new SubOperation(0, "set_timer_op", "timer")),
        new(17, "xen_version", VersionOperations.Table),
        new(18, "console_io", ConsoleOperations.Table),
        new(20, "grant_table_op", GrantOperations.Table),
        new(21, "vm_assist", AssistOperations.Table),
        new(24, "vcpu_op", VcpuOperations.Table),
        new(29, "sched_op", SchedulingOperations.Table),
        new(32, "event_channel_op", EventChannelOperations.Table),
        new(33, "physdev_op", PhysicalDeviceOperations.Table),
        new(34, "hvm_op", HvmOperations.Table),
        new(35, "sysctl", SystemControl.Table),
        new(36, "domctl", DomainControl.Table),
        new(ServiceOperations.Number, "service_op", ServiceOperations.Table),
    ];

    /// <summary>Serves a hypercall. Returns the value for the guest's RAX: 0 or more, or a negative <see cref="XenError"/>.</summary>
    public static long Serve(ref HypercallCall call, ulong number)
    {
        // As GuestChoice.Bound, and a jump less.
        if (number > GuestChoice.None)
            return XenError.ENOSYS;

        switch ((uint)number & GuestChoice.None)
        {
            case 7: return PlatformOperations.Refuse(ref call);
            case 12: return MemoryOperations.Serve(ref call);
            case (uint)MulticallOperation.Number: return MulticallOperation.Run(ref call);
            case 15: return TimerOperations.SetTimer(ref call);
            case 17: return VersionOperations.Serve(ref call);
            case 18: return ConsoleOperations.Serve(ref call);
            case 20: return GrantOperations.Serve(ref call);
            case 21: return AssistOperations.Serve(ref call);
            case 24: return VcpuOperations.Serve(ref call);
            case 29: return SchedulingOperations.Serve(ref call);
            case 32: return EventChannelOperations.Serve(ref call);
            // Operations for PV guests and devices: named so that the numbers make one table, which begins at 0.
            case 0 or 1 or 2 or 3 or 4 or 5 or 6 or 22 or 23 or 25 or 26 or 27 or 28 or 30 or 31 or 33: return XenError.ENOSYS;
            case 34: return HvmOperations.Serve(ref call);
            case 35: return SystemControl.Run(ref call);
            case 36: return DomainControl.Run(ref call);
            case ServiceOperations.Number: return ServiceOperations.Serve(ref call);
            default: return XenError.ENOSYS;
        }
    }
}
