using Microkernel.Xen;

namespace Microkernel.HostileService;

/// <summary>What nobody without the privilege to build may do to another domain, sealed or not, service or guest.</summary>
internal sealed class ForeignAttempts(Attempts attempts, RawCalls calls, ushort domain)
{
    private const ulong Page = 0x100;
    private const int SeededReferences = 8;
    private const int GeneralError = -1;
    private const ushort XenStore = 2;

    internal void Run()
    {
        Control();
        Contents();
        Memory();
        Mappings();
        Events();
    }

    private void Control()
    {
        (uint Command, string Name)[] builders =
        [
            (2, "destroydomain"), (11, "max_mem"), (15, "max_vcpus"), (17, "setdomainhandle"), (22, "hypercall_init"), (85, "get_paging_mempool_size"),
            (86, "set_paging_mempool_size"),
        ];
        foreach ((uint command, string name) in builders)
            Refused(name, ErrorNumber.NotPermitted, () => calls.Control(command, domain));

        // By these Xen's toolstacks reach into a domain. Nobody has them here.
        (uint Command, string Name)[] xens =
        [
            (6, "getmemlist"), (10, "shadow_op"), (12, "setvcpucontext"), (13, "getvcpucontext"), (20, "iomem_permission"), (33, "gethvmcontext"),
            (34, "sethvmcontext"), (39, "memory_mapping"), (48, "debug_op"), (54, "set_target"), (61, "getpageframeinfo3"), (1000, "gdbsx_guestmemio"),
        ];
        foreach ((uint command, string name) in xens)
            Refused(name, ErrorNumber.NotImplemented, () => calls.Control(command, domain));
        Refused("dm_op", ErrorNumber.NotImplemented, () => calls.Call(41, domain));
    }

    private void Contents()
    {
        Refused("get_object", ErrorNumber.NotPermitted, () => calls.Call(Hypercall.Service, 3, 0));
        Refused("read_object", ErrorNumber.NotPermitted, () => calls.Call(Hypercall.Service, 4, 0UL, 0, 0));
        Refused("copy_object", ErrorNumber.NotPermitted, () => calls.Call(Hypercall.Service, 5, (ulong)domain << 32, 0, 16, Page << 12));
        Refused("copy_to", ErrorNumber.NotPermitted, () => calls.CallWithList(Hypercall.Service, 6, 0, domain | 8UL << 32, Page << 12));
        Refused("set_entry", ErrorNumber.NotPermitted, () => calls.Call(Hypercall.Service, 7, domain));
        Refused("seed_grant", ErrorNumber.NotPermitted, () => calls.Call(Hypercall.Service, 8, domain | 7UL << 32, 5, Page));
        Refused("attach_console", ErrorNumber.NotPermitted, () => calls.Call(Hypercall.Service, 9, domain));
        Refused("set_param", ErrorNumber.NotPermitted, () => calls.Call(Hypercall.Hvm, 0, domain | 17UL << 32, Page));
        Refused("get_param", ErrorNumber.NotPermitted, () => calls.Call(Hypercall.Hvm, 1, domain | 17UL << 32, 0));
    }

    private void Memory()
    {
        // These two answer with how much they have done.
        Ends("populate_physmap", 0, () => calls.CallWithList(Hypercall.Memory, 6, Page, 1, 0, domain));
        Ends("decrease_reservation", 0, () => calls.CallWithList(Hypercall.Memory, 1, Page, 1, 0, domain));
        Refused("current_reservation", ErrorNumber.NotPermitted, () => calls.Call(Hypercall.Memory, 3, domain));
        Refused("set_memory_map", ErrorNumber.NotPermitted, () => calls.Call(Hypercall.Memory, 13, domain, 0, 0));
        Refused("claim_pages", ErrorNumber.NotPermitted, () => calls.Call(Hypercall.Memory, 24, 0, 1, 0, domain));
        Refused("exchange", ErrorNumber.NotImplemented, () => calls.Call(Hypercall.Memory, 11, domain));
    }

    private void Mappings()
    {
        Refused("add_to_physmap of its page", ErrorNumber.NotImplemented, () => calls.Call(Hypercall.Memory, 7, Privcmd.Self | 4UL << 32, Page, RawCalls.FreePage));
        Refused("add_to_physmap for it", ErrorNumber.NotPermitted, () => calls.Call(Hypercall.Memory, 7, domain | 2UL << 32, Page, RawCalls.FreePage));
        Refused("add_to_physmap_batch of its page", ErrorNumber.NotPermitted, () => calls.MapForeign(domain, Page));
        Refused("remove_from_physmap", ErrorNumber.NotPermitted, () => calls.Call(Hypercall.Memory, 15, domain, Page));
        Refused("acquire_resource of its rings", ErrorNumber.NotPermitted, () => calls.Call(Hypercall.Memory, 28, domain | 0x8000UL << 16, 0, 0, 0));
        Refused("acquire_resource of its kept memory", ErrorNumber.NotPermitted, () => calls.Call(Hypercall.Memory, 28, domain | 0x8001UL << 16, 0, 0, 0));
        Refused("acquire_resource of its grant table", ErrorNumber.NotPermitted, () => calls.Call(Hypercall.Memory, 28, domain | 1UL << 16, 0, 0, 0));
        for (uint reference = 0; reference < SeededReferences; reference++)
        {
            uint wanted = reference;
            Ends($"map its grant {reference}", GeneralError, () => calls.Map(domain, wanted));
            Ends($"copy from its grant {reference}", GeneralError, () => calls.CopyFrom(domain, wanted));
        }
    }

    private void Events()
    {
        Refused("alloc_unbound", ErrorNumber.NotPermitted, () => calls.Call(Hypercall.EventChannel, 6, domain | (ulong)XenStore << 16));
        Refused("status of its port", ErrorNumber.NotPermitted, () => calls.Call(Hypercall.EventChannel, 5, domain | 1UL << 32, 0, 0));
        Refused("reset of its ports", ErrorNumber.NotPermitted, () => calls.Call(Hypercall.EventChannel, 10, domain));
    }

    private void Refused(string what, int error, System.Func<long> call) => attempts.Refused($"{what} (domain {domain})", error, call);

    private void Ends(string what, long expected, System.Func<long> call) => attempts.Ends($"{what} (domain {domain})", expected, call);
}
