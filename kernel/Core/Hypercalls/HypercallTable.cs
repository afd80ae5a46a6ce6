using Microkernel.Core.Console;
using Microkernel.Core.Dispatch;
using Microkernel.Core.Domains;
using Microkernel.Core.Events;
using Microkernel.Core.Grants;
using Microkernel.Core.Memory;
using Microkernel.Core.Time;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Hypercalls;

/// <summary>
/// The ABI: every hypercall and operation that exists, in one place. Dispatch, docs/abi-coverage.md and the tests come from it. What is
/// not here gets -ENOSYS.
/// </summary>
public static class HypercallTable
{
    /// <summary>All hypercalls, by number.</summary>
    public static Hypercall[] All { get; } =
    [
        new(7, "platform_op", new SubOperation(0, "platform_op", PlatformOperations.Refuse, "hvm") { Note = "EPERM" }),
        new(12, "memory_op", MemoryOperations.Table, 0x3F),
        new(13, "multicall", new SubOperation(0, "multicall", MulticallOperation.Run, "hvm")),
        new(15, "set_timer_op", new SubOperation(0, "set_timer_op", TimerOperations.SetTimer, "timer")),
        new(17, "xen_version", VersionOperations.Table),
        new(18, "console_io", ConsoleOperations.Table),
        new(20, "grant_table_op", GrantOperations.Table),
        new(21, "vm_assist", AssistOperations.Table),
        new(24, "vcpu_op", VcpuOperations.Table),
        new(29, "sched_op", SchedulingOperations.Table),
        new(32, "event_channel_op", EventChannelOperations.Table),
        new(33, "physdev_op", PhysicalDeviceOperations.Table),
        new(34, "hvm_op", HvmOperations.Table),
        new(35, "sysctl", SystemControl.Table, SystemControl.Run),
        new(36, "domctl", DomainControl.Table, DomainControl.Run),
        new(ServiceOperations.Number, "service_op", ServiceOperations.Table),
    ];
}
