/*
 * domctl, sysctl and what else makes and steers domains. With role=builder and the privileges build, control, info and events: this same
 * program is the child that is built, from the boot object number object=. With role=stress three vCPUs do it all to the same few domains
 * at once (seed=, calls=). Without: everything is refused.
 */
#define __XEN_TOOLS__ 1
#include "guest.h"

#include <xen/domctl.h>
#include <xen/sysctl.h>

const char guest_name[] = "domctl";

#define SERVICE_OP 48
#define COPY_OBJECT 5
#define COPY_TO 6
#define SET_ENTRY 7
#define SEED_GRANT 8
#define ATTACH_CONSOLE 9

#define ROUNDS 24
#define CHILD_MIB 16
#define CHILD_PAGES (CHILD_MIB * 256)
#define CHILD_VCPUS 2
#define INFO_ADDRESS 0xf00000ul         /* start info, memory map and command line */
#define SHARED_GFN 0xe00ul
#define POOL_BYTES (2ul << 20)
#define MAP_GFN (FREE_GFN + 0x2000)
#define IMAGE_START 0x100000ul
#define IMAGE_OFFSET CPU_AREA_SIZE      /* in the file: the segment aligns as its largest section */
#define CHILD_HANDLE "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"

/* The page that parent and child share. */
struct shared { volatile u32 count, command, port, vcpus; };
enum { GO_ON, POWER_OFF, CRASH };

extern u8 image_file_end[];
void pvh_entry(void);
static struct xen_domctl controls[MAX_CPUS];
static struct xen_sysctl sysinfo;
#define control (controls[this_cpu()->index])
static struct shared *shared;
static volatile u32 ends;
static u64 child_port;

static long domctl(unsigned command, unsigned domain)
{
    control.cmd = command;
    control.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    control.domain = domain;
    return hypercall1(__HYPERVISOR_domctl, &control);
}

static long sysctl(unsigned command)
{
    sysinfo.cmd = command;
    sysinfo.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return hypercall1(__HYPERVISOR_sysctl, &sysinfo);
}

static long create(unsigned domain, unsigned vcpus)
{
    memset(&control, 0, sizeof(control));
    control.u.createdomain.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap;
    control.u.createdomain.max_vcpus = vcpus;
    control.u.createdomain.max_evtchn_port = -1;
    control.u.createdomain.max_grant_frames = control.u.createdomain.max_maptrack_frames = -1;
    control.u.createdomain.grant_opts = XEN_DOMCTL_GRANT_version(1);
    control.u.createdomain.arch.emulation_flags = XEN_X86_EMU_LAPIC;
    memcpy(control.u.createdomain.handle, CHILD_HANDLE, 16);
    return domctl(XEN_DOMCTL_createdomain, domain);
}

static long max_vcpus(unsigned domain, unsigned count)
{
    control.u.max_vcpus.max = count;
    return domctl(XEN_DOMCTL_max_vcpus, domain);
}

static long max_mem(unsigned domain, u64 kilobytes)
{
    control.u.max_mem.max_memkb = kilobytes;
    return domctl(XEN_DOMCTL_max_mem, domain);
}

static long set_pool(unsigned domain, u64 bytes)
{
    control.u.paging_mempool.size = bytes;
    return domctl(XEN_DOMCTL_set_paging_mempool_size, domain);
}

static u32 flags_of(unsigned domain)
{
    return domctl(XEN_DOMCTL_getdomaininfo, domain) ? ~0u : control.u.getdomaininfo.flags;
}

static long reservation(unsigned op, unsigned domain, xen_pfn_t *extents, xen_ulong_t count, unsigned order)
{
    struct xen_memory_reservation r = { .nr_extents = count, .extent_order = order, .domid = domain };
    set_xen_guest_handle(r.extent_start, extents);
    return memory_op(op, &r);
}

static long claim(unsigned domain, unsigned pages) { return reservation(XENMEM_claim_pages, domain, 0, pages, 0); }

static long domain_number(unsigned op, unsigned domain)
{
    struct xen_memory_domain argument = { domain };
    return memory_op(op, &argument);
}

static long copy_object(unsigned object, unsigned domain, u64 offset, u64 length, u64 gpa)
{
    struct { u32 object, domain; u64 offset, length, gpa; } argument = { object, domain, offset, length, gpa };
    return hypercall2(SERVICE_OP, COPY_OBJECT, &argument);
}

static long copy_to(unsigned domain, u64 gpa, const void *from, unsigned length)
{
    struct { u32 domain, length; u64 gpa, buffer; } argument = { domain, length, gpa, (uintptr_t)from };
    return hypercall2(SERVICE_OP, COPY_TO, &argument);
}

static long seed_grant(unsigned domain, unsigned reference, unsigned backend, u64 gfn)
{
    struct { u32 domain, reference, backend, pad; u64 gfn; } argument = { domain, reference, backend, 0, gfn };
    return hypercall2(SERVICE_OP, SEED_GRANT, &argument);
}

static long attach_console(unsigned domain)
{
    u32 argument[2] = { domain, 0 };
    return hypercall2(SERVICE_OP, ATTACH_CONSOLE, argument);
}

static long set_entry(unsigned domain, u32 entry, u32 start_info)
{
    struct { u32 domain, pad; struct vcpu_hvm_context context; } argument;
    struct vcpu_hvm_x86_32 *state = &argument.context.cpu_regs.x86_32;
    memset(&argument, 0, sizeof(argument));
    argument.domain = domain;
    argument.context.mode = VCPU_HVM_MODE_32B;
    state->eip = entry;
    state->ebx = start_info;
    state->eflags = 2;
    state->cr0 = 0x11;
    state->cs_limit = state->ds_limit = state->ss_limit = state->es_limit = ~0u;
    state->tr_limit = 0x67;
    state->cs_ar = 0xc9b;
    state->ds_ar = state->ss_ar = state->es_ar = 0xc93;
    state->tr_ar = 0x8b;
    return hypercall2(SERVICE_OP, SET_ENTRY, &argument);
}

static long param(unsigned op, unsigned domain, unsigned index, u64 *value)
{
    struct xen_hvm_param argument = { .domid = domain, .index = index, .value = *value };
    long error = hvm_op(op, &argument);
    *value = argument.value;
    return error;
}

static int alloc_unbound(unsigned domain, unsigned remote)
{
    struct evtchn_alloc_unbound argument = { .dom = domain, .remote_dom = remote };
    long error = evtchn_op(EVTCHNOP_alloc_unbound, &argument);
    return error ? error : (int)argument.port;
}

static long set_memory_map(unsigned domain, void *entries, unsigned count)
{
    struct xen_foreign_memory_map argument = { .domid = domain, .map.nr_entries = count };
    set_xen_guest_handle(argument.map.buffer, entries);
    return memory_op(XENMEM_set_memory_map, &argument);
}

static u64 free_pages(void)
{
    return sysctl(XEN_SYSCTL_physinfo) ? 0 : sysinfo.u.physinfo.free_pages;
}

/* ---- the child ---- */

static void child_main(void)
{
    struct shared *page = (void *)(SHARED_GFN << PAGE_BITS);
    unsigned port = option_number("port", 0);
    while (page->command == GO_ON) {
        page->count++;
        event_send(port);
        delay(MS / 4);
    }
    shutdown(page->command == CRASH ? SHUTDOWN_crash : SHUTDOWN_poweroff);
}

/* ---- building it ---- */

static bool give_memory(unsigned domain)
{
    xen_pfn_t extents[CHILD_PAGES / 512];
    for (unsigned i = 0; i < ARRAY_SIZE(extents); i++)
        extents[i] = i * 512;
    return CHECK_EQ(set_pool(domain, POOL_BYTES), 0) && CHECK_EQ(max_mem(domain, CHILD_PAGES * 4 + 64), 0)
        && CHECK_EQ(claim(domain, CHILD_PAGES), 0)
        && CHECK_EQ(reservation(XENMEM_populate_physmap, domain, extents, ARRAY_SIZE(extents), 9), ARRAY_SIZE(extents))
        && CHECK_EQ(domain_number(XENMEM_current_reservation, domain), CHILD_PAGES);
}

static char *put_number(char *to, unsigned value)
{
    if (value > 9)
        to = put_number(to, value / 10);
    *to = '0' + value % 10;
    return to + 1;
}

static bool fill(unsigned domain, unsigned port)
{
    struct {
        struct hvm_start_info info;
        struct hvm_memmap_table_entry map[1];
        char command_line[64];
    } start;
    memset(&start, 0, sizeof(start));
    start.info.magic = XEN_HVM_START_MAGIC_VALUE;
    start.info.version = 1;
    start.info.memmap_paddr = INFO_ADDRESS + ((u8 *)start.map - (u8 *)&start);
    start.info.memmap_entries = 1;
    start.info.cmdline_paddr = INFO_ADDRESS + ((u8 *)start.command_line - (u8 *)&start);
    start.map[0].size = CHILD_PAGES * PAGE_BYTES;
    start.map[0].type = XEN_HVM_MEMMAP_TYPE_RAM;
    memcpy(start.command_line, "role=child console=e9 port=", 27);
    put_number(start.command_line + 27, port);
    return CHECK_EQ(copy_object(option_number("object", 1), domain, IMAGE_OFFSET, image_file_end - (u8 *)IMAGE_START, IMAGE_START), 0)
        && CHECK_EQ(copy_to(domain, INFO_ADDRESS, &start, sizeof(start)), 0)
        && CHECK_EQ(set_entry(domain, (uintptr_t)pvh_entry, INFO_ADDRESS), 0);
}

/* A domain that only waits for the first unpause; 0: it could not be built. */
static unsigned build(void)
{
    if (!CHECK_EQ(create(0, CHILD_VCPUS), 0))
        return 0;
    unsigned domain = control.domain;
    CHECK_EQ(max_vcpus(domain, CHILD_VCPUS), 0);
    int port = alloc_unbound(domain, DOMID_SELF);
    if (!CHECK(port > 0) || !give_memory(domain) || !CHECK_EQ(seed_grant(domain, 1, own_domid(), SHARED_GFN), 0) || !fill(domain, port))
        return 0;
    child_port = event_bind_interdomain(domain, port);
    CHECK((int)child_port > 0);
    return domain;
}

static bool map_shared(unsigned domain, u32 *handle)
{
    shared = (void *)(uintptr_t)(MAP_GFN << PAGE_BITS);
    return CHECK_EQ(grant_map(domain, 1, GNTMAP_host_map, MAP_GFN, handle), GNTST_okay);
}

static bool runs(unsigned milliseconds)
{
    u32 before = shared->count;
    return WAIT_FOR(shared->count > before + 2, milliseconds);
}

static void destroy(unsigned domain)
{
    CHECK_EQ(domctl(XEN_DOMCTL_destroydomain, domain), 0);
    CHECK_EQ(domctl(XEN_DOMCTL_destroydomain, domain), -ESRCH);
    CHECK_EQ(domctl(XEN_DOMCTL_getdomaininfo, domain), -ESRCH);
}

/* ---- the checks ---- */

static void bad_arguments(void)
{
    FOR_EACH_BAD_POINTER(p) {
        CHECK_EQ(hypercall1(__HYPERVISOR_domctl, p), -EFAULT);
        CHECK_EQ(hypercall1(__HYPERVISOR_sysctl, p), -EFAULT);
        CHECK_EQ(hypercall2(SERVICE_OP, COPY_TO, p), -EFAULT);
        CHECK_EQ(hypercall2(SERVICE_OP, COPY_OBJECT, p), -EFAULT);
        CHECK_EQ(hypercall2(SERVICE_OP, SET_ENTRY, p), -EFAULT);
        CHECK_EQ(hypercall2(SERVICE_OP, SEED_GRANT, p), -EFAULT);
        CHECK_EQ(hypercall2(SERVICE_OP, ATTACH_CONSOLE, p), -EFAULT);
        CHECK_EQ(memory_op(XENMEM_claim_pages, p), -EFAULT);
        CHECK_EQ(memory_op(XENMEM_set_memory_map, p), -EFAULT);
    }
    memset(&control, 0, sizeof(control));
    CHECK_EQ(hypercall1(__HYPERVISOR_domctl, &control), -EACCES);
    memset(&sysinfo, 0, sizeof(sysinfo));
    CHECK_EQ(hypercall1(__HYPERVISOR_sysctl, &sysinfo), -EACCES);
    CHECK_EQ(domctl(0, 1), -ENOSYS);
    CHECK_EQ(domctl(1000000, 1), -ENOSYS);
    CHECK_EQ(sysctl(1000), -ENOSYS);
    static const unsigned on_domains[] = {
        XEN_DOMCTL_destroydomain, XEN_DOMCTL_pausedomain, XEN_DOMCTL_unpausedomain, XEN_DOMCTL_getdomaininfo, XEN_DOMCTL_setvcpuaffinity,
        XEN_DOMCTL_max_mem, XEN_DOMCTL_getvcpuinfo, XEN_DOMCTL_max_vcpus, XEN_DOMCTL_scheduler_op, XEN_DOMCTL_setdomainhandle,
        XEN_DOMCTL_hypercall_init, XEN_DOMCTL_getvcpuaffinity, XEN_DOMCTL_get_paging_mempool_size, XEN_DOMCTL_set_paging_mempool_size,
    };
    memset(&control, 0, sizeof(control));
    for (unsigned i = 0; i < ARRAY_SIZE(on_domains); i++) {
        CHECK_EQ(domctl(on_domains[i], 1000), -ESRCH);
        CHECK_EQ(domctl(on_domains[i], DOMID_INVALID), -ESRCH);
    }
    CHECK_EQ(domctl(XEN_DOMCTL_destroydomain, own_domid()), -EINVAL);
    CHECK_EQ(domctl(XEN_DOMCTL_pausedomain, own_domid()), -EINVAL);
    CHECK_EQ(domctl(XEN_DOMCTL_unpausedomain, own_domid()), -EINVAL);
    CHECK_EQ(max_vcpus(own_domid(), 1), -EINVAL);
    CHECK_EQ(create(own_domid(), 1), -EEXIST);
    CHECK_EQ(create(1000, 1), -EINVAL);
    CHECK_EQ(create(0, 0), -EINVAL);
    CHECK_EQ(create(0, 1000), -EINVAL);
    memset(&control, 0, sizeof(control));
    control.u.createdomain.max_vcpus = 1;
    CHECK_EQ(domctl(XEN_DOMCTL_createdomain, 0), -EINVAL);      /* not HVM */
    control.u.createdomain.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_nested_virt;
    CHECK_EQ(domctl(XEN_DOMCTL_createdomain, 0), -EINVAL);
    CHECK_EQ(copy_to(own_domid(), INFO_ADDRESS, "", 1), -ESRCH);
    CHECK_EQ(copy_object(100, own_domid(), 0, 0, 0), -ENOENT);
    CHECK_EQ(claim(1000, 1), -ESRCH);
    CHECK_EQ(set_memory_map(own_domid(), 0, 0), -EPERM);
}

/* A domain in all its parts before it starts, then thrown away. */
static void unstarted(void)
{
    u64 before = free_pages();
    if (!CHECK_EQ(create(0, 2), 0))
        return;
    unsigned domain = control.domain;
    xen_pfn_t list[] = { 0, 1, 2, 600 };
    CHECK_EQ(flags_of(domain), XEN_DOMINF_hvm_guest | XEN_DOMINF_hap | XEN_DOMINF_paused);
    CHECK_EQ(memcmp(control.u.getdomaininfo.handle, CHILD_HANDLE, 16), 0);
    CHECK_EQ(control.u.getdomaininfo.max_vcpu_id, XEN_INVALID_MAX_VCPU_ID);
    CHECK_EQ(control.u.getdomaininfo.domain, domain);
    CHECK_EQ(alloc_unbound(domain, DOMID_SELF), -EINVAL);       /* no vCPU yet that it could be for */
    CHECK_EQ(set_entry(domain, IMAGE_START, 0), -EINVAL);
    CHECK_EQ(domctl(XEN_DOMCTL_unpausedomain, domain), -EINVAL);
    CHECK_EQ(max_vcpus(domain, 3), -EINVAL);
    CHECK_EQ(max_vcpus(domain, 2), 0);
    CHECK_EQ(max_vcpus(domain, 2), 0);
    CHECK_EQ(domctl(XEN_DOMCTL_unpausedomain, domain), -EINVAL);        /* no state to start with */
    CHECK_EQ(reservation(XENMEM_populate_physmap, domain, list, 4, 0), 0);      /* may have none yet */
    CHECK_EQ(max_mem(domain, 16), 0);
    CHECK_EQ(domain_number(XENMEM_maximum_reservation, domain), 4);
    CHECK_EQ(claim(domain, 5), -EINVAL);
    CHECK_EQ(claim(domain, 3), 0);
    CHECK_EQ(claim(domain, 4), -EINVAL);
    CHECK_EQ(domctl(XEN_DOMCTL_getdomaininfo, domain), 0);
    CHECK_EQ(control.u.getdomaininfo.outstanding_pages, 3);
    CHECK_EQ(reservation(XENMEM_populate_physmap, domain, list, 4, 0), 4);
    CHECK_EQ(domctl(XEN_DOMCTL_getdomaininfo, domain), 0);
    CHECK_EQ(control.u.getdomaininfo.outstanding_pages, 0);
    CHECK_EQ(control.u.getdomaininfo.tot_pages, 4);
    CHECK_EQ(reservation(XENMEM_decrease_reservation, domain, list + 1, 2, 0), 2);
    CHECK_EQ(domain_number(XENMEM_current_reservation, domain), 2);
    CHECK_EQ(domain_number(XENMEM_maximum_gpfn, domain), 600);
    CHECK_EQ(claim(domain, 0), 0);
    CHECK_EQ(copy_to(domain, 600 * PAGE_BYTES, "abc", 3), 0);
    CHECK_EQ(copy_to(domain, 601 * PAGE_BYTES, "abc", 3), -EINVAL);
    CHECK_EQ(copy_to(domain, 601 * PAGE_BYTES - 1, "abc", 3), -EINVAL);
    CHECK_EQ(copy_to(domain, 600 * PAGE_BYTES, UNMAPPED_POINTER, 3), -EFAULT);
    CHECK_EQ(copy_to(domain, 0, "", 65537), -EINVAL);
    CHECK_EQ(copy_object(option_number("object", 1), domain, 0, 64, 600 * PAGE_BYTES), 0);
    CHECK_EQ(copy_object(option_number("object", 1), domain, ~0ull, 64, 600 * PAGE_BYTES), -EINVAL);
    CHECK_EQ(copy_object(option_number("object", 1), domain, 0, 1ull << 40, 600 * PAGE_BYTES), -EINVAL);
    CHECK_EQ(copy_object(option_number("object", 1), domain, 0, 64, ~0ull), -EINVAL);
    CHECK_EQ(seed_grant(domain, 8, 0, 0), -EINVAL);
    CHECK_EQ(seed_grant(domain, 0, DOMID_SELF, 0), -EINVAL);
    CHECK_EQ(seed_grant(domain, 0, 0, 1ull << 32), -EINVAL);
    CHECK_EQ(attach_console(domain), -EINVAL);          /* services only */
    control.u.hypercall_init.gmfn = 600;
    CHECK_EQ(domctl(XEN_DOMCTL_hypercall_init, domain), 0);
    control.u.hypercall_init.gmfn = 601;
    CHECK_EQ(domctl(XEN_DOMCTL_hypercall_init, domain), -EACCES);
    struct { u64 start, size; u32 type; } __attribute__((packed)) map[2] = { { 0, 1 << 20, 1 }, { 1 << 20, 1 << 20, 2 } };
    CHECK_EQ(set_memory_map(domain, map, 2), 0);
    CHECK_EQ(set_memory_map(domain, map, 1000), -EINVAL);
    CHECK_EQ(set_memory_map(domain, UNMAPPED_POINTER, 2), -EFAULT);
    u64 value = 77;
    CHECK_EQ(param(HVMOP_set_param, domain, HVM_PARAM_STORE_PFN, &value), 0);
    value = 0;
    CHECK_EQ(param(HVMOP_get_param, domain, HVM_PARAM_STORE_PFN, &value), 0);
    CHECK_EQ(value, 77);
    CHECK_EQ(param(HVMOP_set_param, domain, HVM_NR_PARAMS, &value), -EINVAL);
    CHECK_EQ(set_pool(domain, 12345), -EINVAL);
    CHECK_EQ(set_pool(domain, 8 << 20), 0);
    CHECK_EQ(domctl(XEN_DOMCTL_get_paging_mempool_size, domain), 0);
    CHECK_EQ(control.u.paging_mempool.size, 8 << 20);
    CHECK_EQ(set_pool(domain, 1 << 20), 0);
    CHECK_EQ(set_pool(domain, 0), -EBUSY);      /* not what is in use */
    CHECK(alloc_unbound(domain, 0) > 0);
    CHECK_EQ(set_entry(domain, IMAGE_START, 0), 0);
    destroy(domain);
    CHECK_EQ(free_pages(), before);
}

/* A claim keeps frames from everybody else. */
static void claims(void)
{
    if (!CHECK_EQ(create(0, 1), 0))
        return;
    unsigned domain = control.domain;
    u64 all = free_pages();
    xen_pfn_t page = FREE_GFN + 0x4000;
    CHECK_EQ(max_mem(domain, all * 8), 0);
    CHECK_EQ(claim(domain, all + 1), -ENOMEM);
    CHECK_EQ(claim(domain, all), 0);
    CHECK_EQ(sysctl(XEN_SYSCTL_physinfo), 0);
    CHECK_EQ(sysinfo.u.physinfo.outstanding_pages, all);
    CHECK_EQ(create(0, 1), -ENOMEM);
    xen_pfn_t own = gfn_of(alloc_page());
    CHECK_EQ(reservation(XENMEM_decrease_reservation, DOMID_SELF, &own, 1, 0), 1);
    CHECK_EQ(reservation(XENMEM_populate_physmap, DOMID_SELF, &own, 1, 0), 1);      /* what came free is nobody's */
    CHECK_EQ(set_pool(domain, 1 << 20), -ENOMEM);
    CHECK_EQ(reservation(XENMEM_populate_physmap, domain, &page, 1, 0), 1);
    CHECK_EQ(claim(domain, 0), 0);
    destroy(domain);
}

static void sealed(unsigned domain)
{
    xen_pfn_t page = 1;
    u64 value = 1;
    CHECK_EQ(copy_to(domain, INFO_ADDRESS, "abc", 3), -EACCES);
    CHECK_EQ(copy_object(option_number("object", 1), domain, 0, 64, INFO_ADDRESS), -EACCES);
    CHECK_EQ(set_entry(domain, IMAGE_START, 0), -EACCES);
    CHECK_EQ(seed_grant(domain, 2, 0, 0), -EACCES);
    CHECK_EQ(attach_console(domain), -EACCES);
    CHECK_EQ(alloc_unbound(domain, 0), -EACCES);
    CHECK_EQ(max_vcpus(domain, CHILD_VCPUS), -EACCES);
    CHECK_EQ(param(HVMOP_set_param, domain, HVM_PARAM_STORE_PFN, &value), -EACCES);
    CHECK_EQ(param(HVMOP_get_param, domain, HVM_PARAM_STORE_PFN, &value), 0);
    CHECK_EQ(set_memory_map(domain, &page, 0), -EACCES);
    CHECK_EQ(domctl(XEN_DOMCTL_hypercall_init, domain), -EACCES);
    CHECK_EQ(reservation(XENMEM_populate_physmap, domain, &page, 1, 0), 0);
    CHECK_EQ(reservation(XENMEM_decrease_reservation, domain, &page, 1, 0), 0);
    CHECK_EQ(max_mem(domain, CHILD_PAGES * 4 + 128), 0);
    CHECK_EQ(set_pool(domain, POOL_BYTES * 2), 0);
}

static void pausing(unsigned domain)
{
    CHECK_EQ(domctl(XEN_DOMCTL_unpausedomain, domain), -EINVAL);
    CHECK_EQ(domctl(XEN_DOMCTL_pausedomain, domain), 0);
    u32 count = shared->count;
    CHECK_EQ(domctl(XEN_DOMCTL_pausedomain, domain), 0);
    delay(5 * MS);
    CHECK_EQ(shared->count, count);
    CHECK(flags_of(domain) & XEN_DOMINF_paused);
    event_send(child_port);
    CHECK_EQ(domctl(XEN_DOMCTL_unpausedomain, domain), 0);
    delay(5 * MS);
    CHECK_EQ(shared->count, count);
    CHECK_EQ(domctl(XEN_DOMCTL_unpausedomain, domain), 0);
    CHECK(runs(5000));
    CHECK(!(flags_of(domain) & XEN_DOMINF_paused));
}

static void scheduling(unsigned domain)
{
    struct xen_domctl_scheduler_op *op = &control.u.scheduler_op;
    op->sched_id = XEN_SCHEDULER_CREDIT2;
    op->cmd = XEN_DOMCTL_SCHEDOP_putinfo;
    op->u.credit2.weight = 512;
    op->u.credit2.cap = 0;
    CHECK_EQ(domctl(XEN_DOMCTL_scheduler_op, domain), 0);
    op->cmd = XEN_DOMCTL_SCHEDOP_getinfo;
    op->u.credit2.weight = 0;
    CHECK_EQ(domctl(XEN_DOMCTL_scheduler_op, domain), 0);
    CHECK_EQ(op->u.credit2.weight, 512);
    op->cmd = XEN_DOMCTL_SCHEDOP_putinfo;
    op->u.credit2.cap = 50;
    CHECK_EQ(domctl(XEN_DOMCTL_scheduler_op, domain), 0);
    op->cmd = XEN_DOMCTL_SCHEDOP_getinfo;
    op->u.credit2.cap = 0;
    CHECK_EQ(domctl(XEN_DOMCTL_scheduler_op, domain), 0);
    CHECK_EQ(op->u.credit2.cap, 50);
    op->cmd = XEN_DOMCTL_SCHEDOP_putinfo;
    op->u.credit2.cap = 0;
    CHECK_EQ(domctl(XEN_DOMCTL_scheduler_op, domain), 0);
    op->u.credit2.weight = 0;
    CHECK_EQ(domctl(XEN_DOMCTL_scheduler_op, domain), -EINVAL);
    op->sched_id = XEN_SCHEDULER_RTDS;
    CHECK_EQ(domctl(XEN_DOMCTL_scheduler_op, domain), -EINVAL);
}

static long affinity(unsigned command, unsigned domain, unsigned vcpu, unsigned flags, void *map, unsigned bits)
{
    struct xen_domctl_vcpuaffinity *op = &control.u.vcpuaffinity;
    op->vcpu = vcpu;
    op->flags = flags;
    set_xen_guest_handle(op->cpumap_hard.bitmap, map);
    set_xen_guest_handle(op->cpumap_soft.bitmap, map);
    op->cpumap_hard.nr_bits = op->cpumap_soft.nr_bits = bits;
    return domctl(command, domain);
}

static void affinities(unsigned domain)
{
    CHECK_EQ(sysctl(XEN_SYSCTL_physinfo), 0);
    unsigned cpus = sysinfo.u.physinfo.nr_cpus;
    for (unsigned cpu = 0; cpu < cpus; cpu++) {
        u8 map[1] = { 1 << cpu };
        if (affinity(XEN_DOMCTL_setvcpuaffinity, domain, 0, XEN_VCPUAFFINITY_HARD, map, 8) == -EINVAL)
            continue;   /* a CPU that runs no guests */
        CHECK_EQ(map[0], 1 << cpu);
        map[0] = 0;
        CHECK_EQ(affinity(XEN_DOMCTL_getvcpuaffinity, domain, 0, XEN_VCPUAFFINITY_HARD, map, 8), 0);
        CHECK_EQ(map[0], 1 << cpu);
        delay(2 * MS);
        CHECK(runs(5000));
        control.u.getvcpuinfo.vcpu = 0;
        CHECK_EQ(domctl(XEN_DOMCTL_getvcpuinfo, domain), 0);
        CHECK_EQ(control.u.getvcpuinfo.cpu, cpu);
        CHECK_EQ(control.u.getvcpuinfo.online, 1);
        CHECK(control.u.getvcpuinfo.cpu_time > 0);
    }
    u8 map[1] = { 0xff };
    CHECK_EQ(affinity(XEN_DOMCTL_setvcpuaffinity, domain, 0, XEN_VCPUAFFINITY_SOFT, map, 8), -EOPNOTSUPP);
    CHECK_EQ(affinity(XEN_DOMCTL_setvcpuaffinity, domain, 0, 0, map, 8), -EINVAL);
    CHECK_EQ(affinity(XEN_DOMCTL_setvcpuaffinity, domain, 0, XEN_VCPUAFFINITY_HARD, map, 0), -EINVAL);
    CHECK_EQ(affinity(XEN_DOMCTL_setvcpuaffinity, domain, 5, XEN_VCPUAFFINITY_HARD, map, 8), -EINVAL);
    CHECK_EQ(affinity(XEN_DOMCTL_setvcpuaffinity, domain, 0, XEN_VCPUAFFINITY_HARD, UNMAPPED_POINTER, 8), -EFAULT);
    CHECK_EQ(affinity(XEN_DOMCTL_setvcpuaffinity, domain, 0, XEN_VCPUAFFINITY_HARD, map, 8), 0);
    CHECK_EQ(affinity(XEN_DOMCTL_getvcpuaffinity, domain, 1, XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT, map, 8), 0);
    CHECK_EQ(map[0], (1 << cpus) - 1);
}

static void lists(unsigned domain)
{
    static xen_domctl_getdomaininfo_t list[8];
    struct xen_sysctl_getdomaininfolist *op = &sysinfo.u.getdomaininfolist;
    op->first_domain = 0;
    op->max_domains = ARRAY_SIZE(list);
    set_xen_guest_handle(op->buffer, list);
    CHECK_EQ(sysctl(XEN_SYSCTL_getdomaininfolist), 0);
    CHECK(op->num_domains >= 2 && op->num_domains <= ARRAY_SIZE(list));
    CHECK_EQ(list[0].domain, 1);
    CHECK_EQ(list[op->num_domains - 1].domain, domain);
    CHECK_EQ(list[op->num_domains - 1].tot_pages, CHILD_PAGES);
    op->first_domain = domain;
    CHECK_EQ(sysctl(XEN_SYSCTL_getdomaininfolist), 0);
    CHECK_EQ(op->num_domains, 1);
    op->first_domain = domain + 1;
    CHECK_EQ(sysctl(XEN_SYSCTL_getdomaininfolist), 0);
    CHECK_EQ(op->num_domains, 0);
    op->first_domain = 0;
    set_xen_guest_handle(op->buffer, (xen_domctl_getdomaininfo_t *)UNMAPPED_POINTER);
    CHECK_EQ(sysctl(XEN_SYSCTL_getdomaininfolist), -EFAULT);
    static xen_sysctl_cpuinfo_t cpus[8];
    sysinfo.u.getcpuinfo.max_cpus = ARRAY_SIZE(cpus);
    set_xen_guest_handle(sysinfo.u.getcpuinfo.info, cpus);
    CHECK_EQ(sysctl(XEN_SYSCTL_getcpuinfo), 0);
    unsigned count = sysinfo.u.getcpuinfo.nr_cpus;
    CHECK_EQ(sysctl(XEN_SYSCTL_physinfo), 0);
    CHECK_EQ(count, sysinfo.u.physinfo.nr_cpus);
    CHECK(sysinfo.u.physinfo.total_pages > sysinfo.u.physinfo.free_pages);
    CHECK(sysinfo.u.physinfo.cpu_khz > 0);
    control.u.getvcpuinfo.vcpu = CHILD_VCPUS;
    CHECK_EQ(domctl(XEN_DOMCTL_getvcpuinfo, domain), -ESRCH);
    control.u.getvcpuinfo.vcpu = 1;
    CHECK_EQ(domctl(XEN_DOMCTL_getvcpuinfo, domain), 0);
    CHECK_EQ(control.u.getvcpuinfo.online, 0);
    memcpy(control.u.setdomainhandle.handle, "0123456789abcdef", 16);
    CHECK_EQ(domctl(XEN_DOMCTL_setdomainhandle, domain), 0);
    CHECK_EQ(domctl(XEN_DOMCTL_getdomaininfo, domain), 0);
    CHECK_EQ(memcmp(control.u.getdomaininfo.handle, "0123456789abcdef", 16), 0);
    CHECK_EQ(control.u.getdomaininfo.max_vcpu_id, CHILD_VCPUS - 1);
    CHECK_EQ(control.u.getdomaininfo.nr_online_vcpus, 1);
}

static void on_event(unsigned port)
{
    if (port != child_port)
        ends++;
}

static bool ended_with(unsigned domain, unsigned reason)
{
    u32 flags = 0;
    return CHECK(WAIT_FOR((flags = flags_of(domain)) & XEN_DOMINF_shutdown, 5000))
        && CHECK_EQ(flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask, reason);
}

/* How it can end, and that it stays to be looked at until it is destroyed. What others map of it stays theirs. */
static void end(unsigned domain, unsigned round, u32 handle)
{
    u32 before = ends;
    struct sched_remote_shutdown remote = { .domain_id = domain, .reason = SHUTDOWN_suspend };
    switch (round % 4) {
    case 0:
        shared->command = POWER_OFF;
        ended_with(domain, SHUTDOWN_poweroff);
        break;
    case 1:
        shared->command = CRASH;
        ended_with(domain, SHUTDOWN_crash);
        break;
    case 2:
        CHECK_EQ(sched_op(SCHEDOP_remote_shutdown, &remote), 0);
        ended_with(domain, SHUTDOWN_suspend);
        break;
    default:
        if (round % 8 == 7)
            CHECK_EQ(domctl(XEN_DOMCTL_pausedomain, domain), 0);
        break;
    }
    CHECK(round % 4 == 3 || WAIT_FOR(ends > before, 1000));
    CHECK_EQ(domctl(XEN_DOMCTL_getdomaininfo, domain), 0);
    before = ends;
    destroy(domain);
    CHECK(WAIT_FOR(ends > before, 1000));
    u32 count = shared->count;
    shared->count = count + 1;
    CHECK_EQ(shared->count, count + 1);
    CHECK_EQ(grant_unmap(MAP_GFN, handle), GNTST_okay);
    event_close(child_port);
}

static void life(unsigned round)
{
    u64 before = free_pages();
    unsigned domain = build();
    u32 handle;
    if (!domain || !map_shared(domain, &handle))
        return;
    CHECK_EQ(shared->count, 0);
    event_unmask(child_port);
    u32 seen = event_count[child_port];
    CHECK_EQ(domctl(XEN_DOMCTL_unpausedomain, domain), 0);
    CHECK(runs(10000));
    CHECK(event_count[child_port] > seen);
    if (round % 6 == 0) {
        sealed(domain);
        pausing(domain);
        scheduling(domain);
        affinities(domain);
        lists(domain);
    }
    end(domain, round, handle);
    CHECK_EQ(free_pages(), before);
}

static void builder(void)
{
    event_handler = on_event;
    int port = event_bind_virq(VIRQ_DOM_EXC, 0);
    CHECK(port > 0);
    event_unmask(port);
    irq_enable();
    bad_arguments();
    unstarted();
    claims();
    for (unsigned round = 0; round < ROUNDS; round++)
        life(round);
}

/* ---- many at once ---- */

static u64 states[MAX_CPUS];
static volatile u32 newest;
static u32 first;

static u32 random_below(u32 limit)
{
    u64 *s = &states[this_cpu()->index];
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    return (u32)(*s >> 16) % limit;
}

static void map_and_unmap(unsigned domain)
{
    u64 gfn = MAP_GFN + this_cpu()->index;
    u32 handle;
    if (grant_map(domain, 1, GNTMAP_host_map, gfn, &handle) != GNTST_okay)
        return;
    if (random_below(2))
        delay(MS / 8);
    CHECK_EQ(grant_unmap(gfn, handle), GNTST_okay);
}

static void connect(unsigned domain)
{
    int port = alloc_unbound(domain, DOMID_SELF);
    int own = port > 0 ? event_bind_interdomain(domain, port) : 0;
    if (own <= 0)
        return;
    event_send(own);
    if (random_below(8))
        event_close(own);
}

static void some_memory(unsigned domain)
{
    xen_pfn_t extents[8];
    unsigned order = random_below(3) ? 0 : 9;
    for (unsigned i = 0; i < ARRAY_SIZE(extents); i++)
        extents[i] = random_below(16) << order;
    reservation(random_below(3) ? XENMEM_populate_physmap : XENMEM_decrease_reservation, domain, extents, ARRAY_SIZE(extents), order);
}

static void whole(unsigned domain)
{
    xen_pfn_t extents[CHILD_PAGES / 512];
    for (unsigned i = 0; i < ARRAY_SIZE(extents); i++)
        extents[i] = i * 512;
    max_vcpus(domain, 1);
    max_vcpus(domain, 2);
    set_pool(domain, POOL_BYTES);
    max_mem(domain, CHILD_PAGES * 4);
    reservation(XENMEM_populate_physmap, domain, extents, ARRAY_SIZE(extents), 9);
    seed_grant(domain, 1, own_domid(), SHARED_GFN);
    copy_object(option_number("object", 1), domain, IMAGE_OFFSET, image_file_end - (u8 *)IMAGE_START, IMAGE_START);
    set_entry(domain, (uintptr_t)pvh_entry, INFO_ADDRESS);
}

static void steer(unsigned domain)
{
    u8 map[1] = { 1 + random_below(255) };
    struct sched_remote_shutdown remote = { .domain_id = domain, .reason = random_below(5) };
    switch (random_below(6)) {
    case 0:
        affinity(XEN_DOMCTL_setvcpuaffinity, domain, random_below(2), XEN_VCPUAFFINITY_HARD, map, 8);
        break;
    case 1:
        sched_op(SCHEDOP_remote_shutdown, &remote);
        break;
    case 2:
        claim(domain, random_below(2) ? 0 : random_below(CHILD_PAGES));
        break;
    case 3:
        set_pool(domain, random_below(1024) * PAGE_BYTES);
        break;
    case 4:
        max_mem(domain, random_below(CHILD_PAGES * 5));
        break;
    default:
        control.u.getvcpuinfo.vcpu = random_below(2);
        domctl(XEN_DOMCTL_getvcpuinfo, domain);
        flags_of(domain);
        break;
    }
}

static void one_call(void)
{
    unsigned domain = newest - random_below(newest - first < 4 ? newest - first : 4);
    switch (random_below(12)) {
    case 0:
        if (create(0, 1 + random_below(2)) == 0)
            newest = control.domain;
        break;
    case 1:
        whole(domain);
        break;
    case 2:
        domctl(XEN_DOMCTL_pausedomain, domain);
        break;
    case 3:
    case 4:
        domctl(XEN_DOMCTL_unpausedomain, domain);
        break;
    case 5:
        if (!random_below(3))
            domctl(XEN_DOMCTL_destroydomain, domain);
        break;
    case 6:
        map_and_unmap(domain);
        break;
    case 7:
        connect(domain);
        break;
    case 8:
        some_memory(domain);
        break;
    case 9:
        copy_to(domain, random_below(CHILD_PAGES) * (u64)PAGE_BYTES, guest_main, random_below(9000));
        break;
    default:
        steer(domain);
        break;
    }
}

static void stress_job(void *unused)
{
    (void)unused;
    states[this_cpu()->index] = (option_number("seed", 1) + this_cpu()->index) * 0x9e3779b97f4a7c15ull | 1;
    for (u64 calls = option_number("calls", 300); calls > 0; calls--)
        one_call();
}

static void stress(void)
{
    unsigned cpus = cpu_limit() < 3 ? cpu_limit() : 3;
    u64 before = free_pages();
    first = own_domid();
    newest = first + 1;
    for (unsigned cpu = 1; cpu < cpus; cpu++) {
        CHECK(cpu_start(cpu));
        cpu_run(cpu, stress_job, 0);
    }
    stress_job(0);
    for (unsigned cpu = 1; cpu < cpus; cpu++)
        CHECK(cpu_wait(cpu, 120000));
    for (unsigned domain = first + 1; domain <= newest + 4; domain++)
        domctl(XEN_DOMCTL_destroydomain, domain);
    CHECK_EQ(free_pages(), before);
    CHECK(newest > first + 10);
}

static void unprivileged(void)
{
    for (unsigned command = 1; command < 90; command++) {
        memset(&control, 0, sizeof(control));
        long error = domctl(command, own_domid());
        CHECK(error == -EPERM || error == -ENOSYS);
        error = domctl(command, 0);
        CHECK(error == -EPERM || error == -ENOSYS || error == -ESRCH);
    }
    CHECK_EITHER(create(0, 1), -EPERM, -EPERM);
    for (unsigned command = 1; command < 30; command++) {
        memset(&sysinfo, 0, sizeof(sysinfo));
        long error = sysctl(command);
        CHECK(error == -EPERM || error == -ENOSYS);
    }
    u64 value = 1;
    xen_pfn_t page = 1;
    CHECK_EQ(domain_number(XENMEM_current_reservation, 0), -EPERM);
    CHECK_EQ(reservation(XENMEM_populate_physmap, 0, &page, 1, 0), 0);
    CHECK_EQ(claim(0, 1), -EPERM);
    CHECK_EQ(claim(DOMID_SELF, 1), -EPERM);
    CHECK_EQ(set_memory_map(0, &page, 0), -EPERM);
    CHECK_EQ(alloc_unbound(0, 0), -EPERM);
    CHECK_EQ(param(HVMOP_set_param, 0, HVM_PARAM_STORE_PFN, &value), -EPERM);
    if (on_xen())
        return;
    CHECK_EQ(copy_to(0, 0, "", 1), -EPERM);
    CHECK_EQ(copy_object(0, 0, 0, 0, 0), -EPERM);
    CHECK_EQ(set_entry(0, 0, 0), -EPERM);
    CHECK_EQ(seed_grant(0, 0, 0, 0), -EPERM);
    CHECK_EQ(attach_console(0), -EPERM);
}

void guest_main(void)
{
    if (option_is("role", "child"))
        child_main();
    else if (option_is("role", "builder"))
        builder();
    else if (option_is("role", "stress"))
        stress();
    else
        unprivileged();
}
