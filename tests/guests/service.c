/*
 * What the boot manifest gives to a service: a ring with another entry, kept memory, boot objects, the core's log. role=first and
 * role=second share a ring; the first one restarts once and finds its kept memory and the ring as they were. Without a role: nothing.
 */
#define __XEN_TOOLS__ 1
#include "guest.h"

#include <xen/sysctl.h>

const char guest_name[] = "service";

#define SERVICE_OP 48
enum { GET_INFO, GET_RING, GET_DEVICE, GET_OBJECT, READ_OBJECT, AUDIT = 10 };
#define RESOURCE_RING 0x8000
#define RESOURCE_KEPT 0x8001
#define RING_PAGES 16
#define KEPT_PAGES 4
#define RING_GFN FREE_GFN
#define KEPT_GFN (FREE_GFN + 0x100)
#define MAGIC 0x5ca1ab1eu
#define PATIENCE_MS 60000

struct info { u32 version, entry, privileges, rings, objects, devices, kept_pages, first_guest; };
struct ring { u32 index, id, is_second, peer; u64 pages; char name[64]; };
struct device { u32 index, pad; u64 address, size; };
struct object { u32 index, pad; u64 size; char name[64]; };
struct object_read { u32 index, length; u64 offset, buffer; };
struct audit { u64 violations, free_frames; };

static bool is_first, is_second;
static struct ring ring;

static long service_op(unsigned operation, void *argument)
{
    return hypercall2(SERVICE_OP, operation, argument);
}

static long acquire(unsigned domain, unsigned type, unsigned id, u64 frame, u32 *count, u64 gfn)
{
    static xen_pfn_t list[RING_PAGES];
    struct xen_mem_acquire_resource resource = { .domid = domain, .type = type, .id = id, .nr_frames = *count, .frame = frame };
    for (unsigned i = 0; i < RING_PAGES; i++)
        list[i] = gfn + i;
    if (gfn)
        set_xen_guest_handle(resource.frame_list, list);
    long error = memory_op(XENMEM_acquire_resource, &resource);
    *count = resource.nr_frames;
    return error;
}

static long map(unsigned type, unsigned id, u64 frame, u32 count, u64 gfn)
{
    return acquire(DOMID_SELF, type, id, frame, &count, gfn);
}

static long unmap(u64 gfn)
{
    struct xen_remove_from_physmap remove = { .domid = DOMID_SELF, .gpfn = gfn };
    return memory_op(XENMEM_remove_from_physmap, &remove);
}

static void itself(void)
{
    struct info info;
    FOR_EACH_BAD_POINTER(p)
        CHECK_EQ(service_op(GET_INFO, p), -EFAULT);
    CHECK_EQ(service_op(99, &info), -ENOSYS);
    CHECK_EQ(service_op(GET_INFO, &info), 0);
    CHECK_EQ(info.version, 1);
    CHECK_EQ(info.entry, is_first ? 1 : is_second ? 2 : 0);
    CHECK_EQ(info.rings, is_first || is_second);
    CHECK_EQ(info.kept_pages, is_first ? KEPT_PAGES : 0);
    CHECK_EQ(info.devices, is_first);
    struct device device = { .index = 0 };
    CHECK_EQ(service_op(GET_DEVICE, &device), is_first ? 0 : -ENOENT);
    device.index = 1;
    CHECK_EQ(service_op(GET_DEVICE, &device), -ENOENT);
    ring.index = 1;
    CHECK_EQ(service_op(GET_RING, &ring), -ENOENT);
    ring.index = 0;
    CHECK_EQ(service_op(GET_RING, &ring), is_first || is_second ? 0 : -ENOENT);
    if (!is_first && !is_second)
        return;
    CHECK_EQ(ring.id, 0);
    CHECK_EQ(ring.is_second, is_second);
    CHECK_EQ(ring.peer, is_first ? 2 : 1);
    CHECK_EQ(ring.pages, RING_PAGES);
    CHECK(!strcmp(ring.name, is_first ? "second" : "first"));
}

/* The device is QEMU's ivshmem-plain: memory and nothing else. */
static void device_memory(void)
{
    struct device device = { .index = 0 };
    if (service_op(GET_DEVICE, &device))
        return;
    CHECK_EQ(device.address, 0xd0000000);
    CHECK_EQ(device.size, 1 << 20);
    volatile u32 *words = window_map(0, device.address + (1 << 20) - PAGE_BYTES);
    words[0] = MAGIC;
    CHECK_EQ(words[0], MAGIC);
    CHECK_EQ(service_op(GET_INFO, (void *)words), -EFAULT);     /* the core does not touch it for us */
    window_unmap(0);
}

static void resources(void)
{
    bool has_ring = is_first || is_second;
    long own = has_ring ? 0 : -ENOENT;
    u32 count = 0;
    CHECK_EQ(acquire(DOMID_SELF, RESOURCE_RING, 0, 0, &count, 0), own);
    CHECK_EQ(count, has_ring ? RING_PAGES : 0);
    count = 0;
    CHECK_EQ(acquire(DOMID_SELF, RESOURCE_KEPT, 0, 0, &count, 0), is_first ? 0 : -ENOENT);
    CHECK_EQ(count, is_first ? KEPT_PAGES : 0);
    CHECK_EQ(map(RESOURCE_RING, 1, 0, 1, RING_GFN), -ENOENT);
    CHECK_EQ(map(RESOURCE_KEPT, 1, 0, 1, RING_GFN), -ENOENT);
    CHECK_EQ(map(XENMEM_resource_ioreq_server, 0, 0, 1, RING_GFN), -EOPNOTSUPP);
    if (has_ring)
        CHECK_EQ(acquire(ring.peer, RESOURCE_RING, 0, 0, &(u32){ 1 }, RING_GFN), -EPERM);
    CHECK_EQ(acquire(NO_DOMAIN, RESOURCE_RING, 0, 0, &(u32){ 1 }, RING_GFN), -ESRCH);
    FOR_EACH_BAD_POINTER(p)
        CHECK_EQ(memory_op(XENMEM_acquire_resource, p), -EFAULT);
    if (!has_ring)
        return;
    CHECK_EQ(acquire(DOMID_SELF, RESOURCE_RING, 0, 0, &(u32){ 1 }, 0), -EINVAL);      /* neither pages nor a question */
    CHECK_EQ(map(RESOURCE_RING, 0, RING_PAGES, 1, RING_GFN), -EINVAL);
    CHECK_EQ(map(RESOURCE_RING, 0, 1, RING_PAGES, RING_GFN), -EINVAL);
    CHECK_EQ(map(RESOURCE_RING, 0, ~0ull, 2, RING_GFN), -EINVAL);
    CHECK_EQ(map(RESOURCE_RING, 0, RING_PAGES - 1, 1, RING_GFN + 0x40), 0);
    CHECK_EQ(unmap(RING_GFN + 0x40), 0);
    CHECK_EQ(unmap(RING_GFN + 0x40), -ENOENT);
    CHECK_EQ(map(RESOURCE_RING, 0, 0, RING_PAGES, RING_GFN), 0);
    void *page = (void *)(uintptr_t)(RING_GFN << PAGE_BITS);
    CHECK_EQ(service_op(GET_INFO, page), -EFAULT);
    grant_access(20, ring.peer, RING_GFN, false);               /* the peer cannot get it by a grant */
}

/* Both sides count up in turns, each in a page of its own; then the last page is written by one and read by the other. */
static void talk(void)
{
    volatile u32 *words = (void *)(uintptr_t)(RING_GFN << PAGE_BITS);
    volatile u32 *own = words + (is_second ? 1024 : 0), *other = words + (is_second ? 0 : 1024);
    volatile u32 *last = words + (RING_PAGES - 1) * 1024;
    for (u32 i = 1; i <= 200; i++) {
        if (is_first)
            own[1] = i;
        if (!CHECK(WAIT_FOR(other[1] == i, PATIENCE_MS)))
            return;
        if (is_second)
            own[1] = i;
        if (i == 100 && is_first)
            last[7] = MAGIC;
    }
    CHECK_EQ(last[7], MAGIC);
    if (is_second)
        CHECK(grant_map(1, 20, GNTMAP_host_map, RING_GFN + 0x50, &(u32){ 0 }) < 0);
    own[2] = MAGIC;
    CHECK(WAIT_FOR(other[2] == MAGIC, PATIENCE_MS));
}

/* In its first life the first side leaves a mark in kept memory and in the ring, and reboots. */
static void live_twice(void)
{
    volatile u32 *ring_words = (void *)(uintptr_t)(RING_GFN << PAGE_BITS);
    volatile u32 *kept = (void *)(uintptr_t)(KEPT_GFN << PAGE_BITS);
    CHECK_EQ(map(RESOURCE_KEPT, 0, 0, KEPT_PAGES, KEPT_GFN), 0);
    if (kept[(KEPT_PAGES - 1) * 1024] != MAGIC) {
        for (unsigned i = 0; i < KEPT_PAGES * 1024; i++)
            if (kept[i])
                fatal("kept memory is not empty at first");
        CHECK_EQ(ring_words[3], 0);
        ring_words[3] = MAGIC;
        kept[(KEPT_PAGES - 1) * 1024] = MAGIC;
        console_flush();
        struct sched_shutdown reboot = { SHUTDOWN_reboot };
        sched_op(SCHEDOP_shutdown, &reboot);
    }
    CHECK_EQ(ring_words[3], MAGIC);
}

static long sysctl_log(struct xen_sysctl *call, char *buffer, u32 size, u32 index, bool incremental, bool clear)
{
    memset(call, 0, sizeof(*call));
    call->cmd = XEN_SYSCTL_readconsole;
    call->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    call->u.readconsole.index = index;
    call->u.readconsole.incremental = incremental;
    call->u.readconsole.clear = clear;
    call->u.readconsole.count = size;
    set_xen_guest_handle(call->u.readconsole.buffer, buffer);
    return hypercall1(__HYPERVISOR_sysctl, call);
}

static void log_of_the_core(void)
{
    static char text[20000], again[20000];
    static struct xen_sysctl call;
    if (!is_first) {
        CHECK_EQ(sysctl_log(&call, text, sizeof(text), 0, false, false), -EPERM);
        return;
    }
    CHECK_EQ(sysctl_log(&call, text, sizeof(text), 0, false, false), 0);
    u32 count = call.u.readconsole.count, end = call.u.readconsole.index;
    CHECK(count > 500 && count <= 16384);
    CHECK(!memcmp(text + count - 1, "\n", 1));
    CHECK_EQ(sysctl_log(&call, again, 100, end - 300, true, false), 0);
    CHECK_EQ(call.u.readconsole.count, 100);
    CHECK_EQ(call.u.readconsole.index, end - 200);
    CHECK(!memcmp(again, text + count - 300, 100));
    /* Only what was read is forgotten, and a call that fails forgets nothing. */
    CHECK_EQ(sysctl_log(&call, again, 100, 0, false, true), 0);
    CHECK(!memcmp(again, text, 100));
    u32 next = call.u.readconsole.index;
    CHECK_EQ(sysctl_log(&call, (char *)UNMAPPED_POINTER, 100, 0, false, true), -EFAULT);
    CHECK_EQ(sysctl_log(&call, again, 100, 0, false, false), 0);
    CHECK_EQ(call.u.readconsole.index, next + 100);
    CHECK(!memcmp(again, text + 100, 100));
}

static void boot_objects(void)
{
    struct object object = { .index = 0 };
    static char text[256];
    struct object_read read = { .index = 0, .length = sizeof(text), .buffer = (uintptr_t)text };
    struct audit audit;
    if (!is_first) {
        CHECK_EQ(service_op(GET_OBJECT, &object), -EPERM);
        CHECK_EQ(service_op(READ_OBJECT, &read), -EPERM);
        CHECK_EQ(service_op(AUDIT, &audit), -EPERM);
        return;
    }
    CHECK_EQ(service_op(GET_OBJECT, &object), 0);
    CHECK(!strcmp(object.name, "manifest"));
    CHECK(object.size > 100);
    CHECK_EQ(service_op(READ_OBJECT, &read), (long)(object.size < sizeof(text) ? object.size : sizeof(text)));
    CHECK_EQ(text[0], '#');
    read.offset = object.size - 1;
    CHECK_EQ(service_op(READ_OBJECT, &read), 1);
    read.offset = object.size;
    CHECK_EQ(service_op(READ_OBJECT, &read), 0);
    read.offset = object.size + 1;
    CHECK_EQ(service_op(READ_OBJECT, &read), -EINVAL);
    read = (struct object_read){ .length = 16, .buffer = (uintptr_t)UNMAPPED_POINTER };
    CHECK_EQ(service_op(READ_OBJECT, &read), -EFAULT);
    read.index = object.index = 1000;
    CHECK_EQ(service_op(READ_OBJECT, &read), -ENOENT);
    CHECK_EQ(service_op(GET_OBJECT, &object), -ENOENT);
    long error;
    WAIT_FOR((error = service_op(AUDIT, &audit)) != -EAGAIN, PATIENCE_MS);
    CHECK_EQ(error, 0);
    CHECK_EQ(audit.violations, 0);
    CHECK(audit.free_frames != 0);
}

void guest_main(void)
{
    is_first = option_is("role", "first");
    is_second = option_is("role", "second");
    itself();
    device_memory();
    resources();
    if (is_first)
        live_twice();
    log_of_the_core();
    boot_objects();
    if (is_first || is_second)
        talk();
}
