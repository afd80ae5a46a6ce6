using Microkernel.Protos.Console;
using Microkernel.Protos.Memory;
using Microkernel.Protos.Scheduler;
using Microkernel.Protos.Xenstore;

namespace Microkernel.Services.Toolstack;

/// <summary>The other services.</summary>
/// <param name="Memory">Builds and destroys domains.</param>
/// <param name="Store">XenStore.</param>
/// <param name="Consoles">qemu-dm.</param>
/// <param name="Scheduler">How domains share the CPUs.</param>
public sealed record Peers(
    Memory.MemoryClient Memory,
    XenStore.XenStoreClient Store,
    Console.ConsoleClient Consoles,
    Scheduler.SchedulerClient Scheduler);
