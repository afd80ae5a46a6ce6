/* memory_op: reservations, the physical map, the memory map; good and bad arguments, partial counts. */
#include "guest.h"

const char guest_name[] = "memory";

#define MANY 1500       /* pages: more than a hypercall does in one go */

static xen_pfn_t list[MANY];

static long reservation(unsigned op, unsigned domid, xen_pfn_t *extents, xen_ulong_t count, unsigned order)
{
    struct xen_memory_reservation r = { .nr_extents = count, .extent_order = order, .domid = domid };
    set_xen_guest_handle(r.extent_start, extents);
    return memory_op(op, &r);
}

static long decrease(xen_pfn_t *extents, unsigned count)
{
    return reservation(XENMEM_decrease_reservation, DOMID_SELF, extents, count, 0);
}

static long populate(xen_pfn_t *extents, unsigned count)
{
    return reservation(XENMEM_populate_physmap, DOMID_SELF, extents, count, 0);
}

static long domain_number(unsigned op, unsigned domid)
{
    struct xen_memory_domain domain = { domid };
    return memory_op(op, &domain);
}

static long add_to_physmap(unsigned domid, unsigned space, u64 index, u64 gfn, unsigned size)
{
    struct xen_add_to_physmap map = { domid, size, space, index, gfn };
    return memory_op(XENMEM_add_to_physmap, &map);
}

static long pages_now(void) { return domain_number(XENMEM_current_reservation, DOMID_SELF); }

static u32 read32(u64 gfn) { return *(volatile u32 *)(uintptr_t)(gfn << PAGE_BITS); }

static bool all_zero(const void *page)
{
    for (unsigned i = 0; i < PAGE_BYTES / sizeof(long); i++)
        if (((const long *)page)[i])
            return false;
    return true;
}

static void numbers(void)
{
    static const unsigned operations[] = {
        XENMEM_current_reservation, XENMEM_maximum_reservation, XENMEM_maximum_gpfn,
    };
    for (unsigned i = 0; i < ARRAY_SIZE(operations); i++) {
        CHECK(domain_number(operations[i], DOMID_SELF) > 0);
        CHECK_EQ(domain_number(operations[i], NO_DOMAIN), -ESRCH);
        CHECK(domain_number(operations[i], 0) < 0);
        CHECK_EQ(memory_op(operations[i] | 1 << 6, 0), -EINVAL);
        FOR_EACH_BAD_POINTER(p)
            CHECK_EQ(memory_op(operations[i], p), -EFAULT);
        CHECK_EQ(memory_op(operations[i], bad_pointer_after(1)), -EFAULT);
        CHECK(memory_op(operations[i], memcpy(bad_pointer_after(2), "\xf0\x7f", 2)) > 0);
    }
    CHECK(pages_now() <= domain_number(XENMEM_maximum_reservation, DOMID_SELF));
    CHECK((u64)pages_now() >= ram_pages - 16);
    CHECK(domain_number(XENMEM_maximum_gpfn, DOMID_SELF) >= (long)gfn_of(guest_main));
    CHECK_EQ(option_number("domid", 0) ? domain_number(XENMEM_current_reservation, option_number("domid", 0))
                                       : pages_now(), pages_now());
}

static void memory_map_call(void)
{
    static struct hvm_e820 { u64 address, size; u32 type; } __attribute__((packed)) entries[32];
    struct xen_memory_map map = { .nr_entries = ARRAY_SIZE(entries) };
    set_xen_guest_handle(map.buffer, entries);
    u64 ram = 0;
    CHECK_EQ(memory_op(XENMEM_memory_map, &map), 0);
    CHECK(map.nr_entries > 0 && map.nr_entries < ARRAY_SIZE(entries));
    for (unsigned i = 0; i < map.nr_entries && i < ARRAY_SIZE(entries); i++) {
        CHECK(entries[i].size > 0);
        for (unsigned j = 0; j < i; j++)
            CHECK(entries[i].address >= entries[j].address + entries[j].size
                  || entries[j].address >= entries[i].address + entries[i].size);
        if (entries[i].type == XEN_HVM_MEMMAP_TYPE_RAM)
            ram += entries[i].size >> PAGE_BITS;
    }
    CHECK_EQ(ram, ram_pages);
    unsigned all = map.nr_entries;
    map.nr_entries = 1;
    entries[1].size = 12345;
    CHECK_EQ(memory_op(XENMEM_memory_map, &map), 0);
    CHECK_EQ(map.nr_entries, 1);
    CHECK_EQ(entries[1].size, 12345);
    map.nr_entries = all;
    set_xen_guest_handle(map.buffer, UNMAPPED_POINTER);
    CHECK_EQ(memory_op(XENMEM_memory_map, &map), -EFAULT);
    set_xen_guest_handle(map.buffer, bad_pointer_after(sizeof(entries[0]) + 1));
    CHECK_EQ(memory_op(XENMEM_memory_map, &map), -EFAULT);
    FOR_EACH_BAD_POINTER(p)
        CHECK_EQ(memory_op(XENMEM_memory_map, p), -EFAULT);
}

static void balloon(void)
{
    u8 *pages = alloc_pages(8);
    long before = pages_now();
    for (unsigned i = 0; i < 8; i++) {
        pages[i * PAGE_BYTES] = i + 1;
        list[i] = gfn_of(pages) + i;
    }
    CHECK_EQ(decrease(list, 8), 8);
    CHECK_EQ(pages_now(), before - 8);
    CHECK_EQ(read32(list[0]), 0xffffffff);      /* nothing there: all ones, and writes are lost */
    *(volatile u32 *)pages = 0;
    CHECK_EQ(read32(list[0]), 0xffffffff);
    CHECK_EQ(decrease(list, 1), 0);             /* gone already */
    CHECK_EQ(populate(list, 8), 8);
    CHECK_EQ(pages_now(), before);
    for (unsigned i = 0; i < 8; i++) {
        if (!on_xen())                          /* Xen gives a domain its own old pages back as they were */
            CHECK(all_zero(pages + i * PAGE_BYTES));
        pages[i * PAGE_BYTES] = i;
    }
    for (unsigned i = 0; i < 8; i++)
        CHECK_EQ(pages[i * PAGE_BYTES], i);
}

/* A list that goes bad in its middle is done up to there. */
static void partial_counts(void)
{
    xen_pfn_t first = gfn_of(alloc_pages(4));
    long before = pages_now();
    list[0] = first;
    list[1] = first + 1;
    list[2] = FREE_GFN;
    list[3] = first + 2;
    CHECK_EQ(decrease(list, 4), 2);
    CHECK_EQ(pages_now(), before - 2);
    CHECK_EQ(populate(list, 2), 2);
    xen_pfn_t *crossing = bad_pointer_after(2 * sizeof(xen_pfn_t));
    crossing[0] = first;
    crossing[1] = first + 1;
    CHECK_EQ(decrease(crossing, 4), 2);
    CHECK_EQ(pages_now(), before - 2);
    CHECK_EQ(populate(crossing, 4), 2);
    CHECK_EQ(pages_now(), before);
    FOR_EACH_BAD_POINTER(p) {
        CHECK_EQ(decrease(p, 4), 0);
        CHECK_EQ(populate(p, 4), 0);
    }
    CHECK_EQ(pages_now(), before);
}

/* Frame numbers past what a nested page table can hold; 32-bit guests cannot say them. */
static void impossible_frames(void)
{
#ifdef __x86_64__
    long before = pages_now();
    list[0] = ~0ul;
    CHECK_EQ(decrease(list, 1), 0);
    CHECK_EQ(populate(list, 1), 0);
    if (!on_xen())                              /* which keeps the page it found no place for */
        CHECK_EQ(pages_now(), before);
    list[0] = 1ul << 40;
    CHECK_EQ(decrease(list, 1), 0);
    CHECK_EQ(populate(list, 1), 0);
    CHECK_EQ(add_to_physmap(DOMID_SELF, XENMAPSPACE_shared_info, 0, ~0ull, 0), -EINVAL);
    struct xen_remove_from_physmap remove = { .domid = DOMID_SELF, .gpfn = ~0ul };
    CHECK_EQ(memory_op(XENMEM_remove_from_physmap, &remove), -ENOENT);
#endif
}

static void reservation_errors(void)
{
    static const unsigned operations[] = {
        XENMEM_increase_reservation, XENMEM_decrease_reservation, XENMEM_populate_physmap,
    };
    long before = pages_now();
    list[0] = FREE_GFN;
    for (unsigned i = 0; i < ARRAY_SIZE(operations); i++) {
        CHECK_EQ(reservation(operations[i], NO_DOMAIN, list, 1, 0), 0);
        CHECK_EQ(reservation(operations[i], 0, list, 1, 0), 0);
        CHECK_EQ(reservation(operations[i], DOMID_SELF, list, 0, 0), 0);
        CHECK_EQ(reservation(operations[i], DOMID_SELF, list, 1, 64), 0);
        CHECK_EQ(reservation(operations[i], DOMID_SELF, list, 1, ~0u), 0);
        CHECK_EQ(reservation(operations[i], DOMID_SELF, list, 1, 19), 0);
        CHECK_EQ(reservation(operations[i], DOMID_SELF, list, ~(xen_ulong_t)0, 0), 0);
        CHECK_EQ(reservation(operations[i] | 7 << 6, DOMID_SELF, list, 5, 0), 7);
        FOR_EACH_BAD_POINTER(p)
            CHECK_EQ(memory_op(operations[i], p), 0);
        CHECK_EQ(memory_op(operations[i], bad_pointer_after(8)), 0);
    }
    CHECK_EQ(pages_now(), before);
}

static void many_pages(void)
{
    xen_pfn_t first = gfn_of(alloc_pages(MANY));
    long before = pages_now();
    for (unsigned i = 0; i < MANY; i++)
        list[i] = first + i;
    CHECK_EQ(decrease(list, MANY), MANY);
    CHECK_EQ(pages_now(), before - MANY);
    for (unsigned i = 0; i < MANY; i++)
        list[i] = first + MANY - 1 - i;
    CHECK_EQ(populate(list, MANY), MANY);
    CHECK_EQ(pages_now(), before);
    for (unsigned i = 0; i < MANY; i++)
        *(volatile u32 *)(uintptr_t)((first + i) << PAGE_BITS) = i;
    unsigned wrong = 0;
    for (unsigned i = 0; i < MANY; i++)
        wrong += read32(first + i) != i;
    CHECK_EQ(wrong, 0);
}

/* 2 MiB at once, where the guest's RAM has none. */
static void large_extent(void)
{
    static xen_pfn_t small_pages[512];
    xen_pfn_t first = gfn_of(alloc_pages(512)), large = FREE_GFN + 0x300 - (FREE_GFN + 0x300) % 512 + 512;
    long before = pages_now();
    for (unsigned i = 0; i < 512; i++)
        small_pages[i] = first + i;
    CHECK_EQ(decrease(small_pages, 512), 512);
    CHECK_EQ(reservation(XENMEM_populate_physmap, DOMID_SELF, &large, 1, 9), 1);
    CHECK_EQ(pages_now(), before);
    for (unsigned i = 0; i < 512; i++)
        *(volatile u32 *)(uintptr_t)((large + i) << PAGE_BITS) = i * 3;
    CHECK_EQ(read32(large), 0);
    CHECK_EQ(read32(large + 511), 511 * 3);
    xen_pfn_t middle = large + 100;
    CHECK_EQ(decrease(&middle, 1), 1);          /* out of the middle: the rest stays */
    CHECK_EQ(read32(middle), 0xffffffff);
    CHECK_EQ(read32(middle - 1), 99 * 3);
    CHECK_EQ(read32(middle + 1), 101 * 3);
    CHECK_EQ(populate(&middle, 1), 1);
    CHECK_EQ(reservation(XENMEM_decrease_reservation, DOMID_SELF, &large, 1, 9), 1);
    CHECK_EQ(populate(small_pages, 512), 512);
    CHECK_EQ(pages_now(), before);
}

/* A domain never gets more than its maximum. */
static void beyond_the_maximum(void)
{
    long room = domain_number(XENMEM_maximum_reservation, DOMID_SELF) - pages_now();
    CHECK(room >= 0 && room < MANY);
    for (unsigned i = 0; i < MANY; i++)
        list[i] = FREE_GFN + i;
    long got = populate(list, MANY);
    CHECK(got <= room);
    if (on_xen())
        CHECK_EQ(got, room);
    CHECK_EQ(decrease(list, got), got);
}

static void shared_info_moves(void)
{
    CHECK_EQ(add_to_physmap(DOMID_SELF, XENMAPSPACE_shared_info, 0, FREE_GFN, 0), 0);
    shared_info = (void *)(FREE_GFN << PAGE_BITS);
    this_cpu()->info = &shared_info->vcpu_info[0];
    CHECK_EQ(read32(SHARED_INFO_GFN), 0xffffffff);
    CHECK(now() > 0);
    u8 *page = alloc_page();                    /* over RAM: that page is given up */
    long before = pages_now();
    CHECK_EQ(add_to_physmap(DOMID_SELF, XENMAPSPACE_shared_info, 0, gfn_of(page), 0), 0);
    CHECK_EQ(pages_now(), before - 1);
    shared_info = (void *)page;
    this_cpu()->info = &shared_info->vcpu_info[0];
    CHECK(now() > 0);
    CHECK_EQ(add_to_physmap(DOMID_SELF, XENMAPSPACE_shared_info, 0, SHARED_INFO_GFN, 0), 0);
    shared_info = (void *)(SHARED_INFO_GFN << PAGE_BITS);
    this_cpu()->info = &shared_info->vcpu_info[0];
    list[0] = gfn_of(page);
    CHECK_EQ(populate(list, 1), 1);
    CHECK_EQ(pages_now(), before);
}

static void physmap_errors(void)
{
    CHECK_EQ(add_to_physmap(DOMID_SELF, XENMAPSPACE_shared_info, 1, FREE_GFN, 0), -EINVAL);
    CHECK_EQ(add_to_physmap(DOMID_SELF, XENMAPSPACE_gmfn, FREE_GFN + 1, FREE_GFN, 0), -EINVAL);
    CHECK_EQ(add_to_physmap(DOMID_SELF, XENMAPSPACE_gmfn_foreign, 0, FREE_GFN, 0), -ENOSYS);
    CHECK_EQ(add_to_physmap(DOMID_SELF, XENMAPSPACE_dev_mmio, 0, FREE_GFN, 0), -EACCES);
    CHECK_EQ(add_to_physmap(DOMID_SELF, 6, 0, FREE_GFN, 0), -EINVAL);
    CHECK_EQ(add_to_physmap(DOMID_SELF, ~0u, 0, FREE_GFN, 0), -EINVAL);
    CHECK_EQ(add_to_physmap(DOMID_SELF, XENMAPSPACE_grant_table, 10000, FREE_GFN, 0), -EINVAL);
    CHECK_EQ(add_to_physmap(NO_DOMAIN, XENMAPSPACE_shared_info, 0, FREE_GFN, 0), -ESRCH);
    CHECK_EQ(add_to_physmap(0, XENMAPSPACE_shared_info, 0, FREE_GFN, 0), on_xen() ? -EACCES : -EPERM);
    FOR_EACH_BAD_POINTER(p)
        CHECK_EQ(memory_op(XENMEM_add_to_physmap, p), -EFAULT);
    CHECK_EQ(memory_op(XENMEM_add_to_physmap, bad_pointer_after(8)), -EFAULT);
}

static void frames_move(void)
{
    u32 *pages = alloc_pages(4);
    u64 gfn = gfn_of(pages);
    long before = pages_now();
    for (unsigned i = 0; i < 4; i++)
        pages[i * PAGE_BYTES / 4] = 0x1000 + i;
    CHECK_EQ(add_to_physmap(DOMID_SELF, XENMAPSPACE_gmfn, gfn, FREE_GFN, 0), 0);
    CHECK_EQ(read32(FREE_GFN), 0x1000);
    CHECK_EQ(read32(gfn), 0xffffffff);
    CHECK_EQ(add_to_physmap(DOMID_SELF, XENMAPSPACE_gmfn, gfn, FREE_GFN + 1, 0), -EINVAL);
    CHECK_EQ(add_to_physmap(DOMID_SELF, XENMAPSPACE_gmfn, FREE_GFN, gfn, 0), 0);
    CHECK_EQ(read32(gfn), 0x1000);
    CHECK_EQ(add_to_physmap(DOMID_SELF, XENMAPSPACE_gmfn_range, gfn, FREE_GFN, 4), 0);
    CHECK_EQ(read32(FREE_GFN + 3), 0x1003);
    CHECK_EQ(read32(gfn + 3), 0xffffffff);
    CHECK_EQ(add_to_physmap(DOMID_SELF, XENMAPSPACE_gmfn_range, FREE_GFN, gfn, 4), 0);
    CHECK_EQ(read32(gfn + 2), 0x1002);
    CHECK_EQ(pages_now(), before);
}

static long batch(unsigned space, unsigned size, xen_ulong_t *indexes, xen_pfn_t *gfns, int *errors, unsigned foreign)
{
    struct xen_add_to_physmap_batch b = { .domid = DOMID_SELF, .space = space, .size = size };
    b.u.foreign_domid = foreign;
    set_xen_guest_handle(b.idxs, indexes);
    set_xen_guest_handle(b.gpfns, gfns);
    set_xen_guest_handle(b.errs, errors);
    return memory_op(XENMEM_add_to_physmap_batch, &b);
}

static void batches(void)
{
    u32 *pages = alloc_pages(3);
    xen_ulong_t from[3];
    xen_pfn_t to[3];
    int errors[3] = { 1, 1, 1 };
    for (unsigned i = 0; i < 3; i++) {
        pages[i * PAGE_BYTES / 4] = 0x2000 + i;
        from[i] = gfn_of(pages) + i;
        to[i] = FREE_GFN + i;
    }
    from[1] = FREE_GFN + 50;                    /* nothing there */
    CHECK_EQ(batch(XENMAPSPACE_gmfn, 3, from, to, errors, 0), 0);
    CHECK_EQ(errors[0], 0);
    CHECK_EQ(errors[1], -EINVAL);
    CHECK_EQ(errors[2], 0);
    CHECK_EQ(read32(FREE_GFN + 2), 0x2002);
    CHECK_EQ(read32(FREE_GFN + 1), 0xffffffff);
    CHECK_EQ(batch(XENMAPSPACE_gmfn, 1, (xen_ulong_t[]){ FREE_GFN }, (xen_pfn_t[]){ gfn_of(pages) }, errors, 0), 0);
    CHECK_EQ(batch(XENMAPSPACE_gmfn, 1, (xen_ulong_t[]){ FREE_GFN + 2 }, (xen_pfn_t[]){ gfn_of(pages) + 2 }, errors, 0), 0);
    CHECK_EQ(pages[2 * PAGE_BYTES / 4], 0x2002);
    CHECK_EQ(batch(XENMAPSPACE_gmfn_range, 3, from, to, errors, 0), -EOPNOTSUPP);
    CHECK_EQ(batch(XENMAPSPACE_gmfn, 0, from, to, errors, 0), 0);
    FOR_EACH_BAD_POINTER(p) {
        CHECK_EQ(batch(XENMAPSPACE_gmfn, 1, p, to, errors, 0), -EFAULT);
        CHECK_EQ(batch(XENMAPSPACE_gmfn, 1, from, p, errors, 0), -EFAULT);
        CHECK_EQ(memory_op(XENMEM_add_to_physmap_batch, p), -EFAULT);
    }
    from[0] = FREE_GFN + 50;
    CHECK_EQ(batch(XENMAPSPACE_gmfn, 1, from, to, UNMAPPED_POINTER, 0), -EFAULT);
    /* Somebody else's memory needs a privilege. */
    errors[0] = 1;
    long result = batch(XENMAPSPACE_gmfn_foreign, 1, from, to, errors, 0);
    CHECK(result < 0 || errors[0] < 0);
    result = batch(XENMAPSPACE_gmfn_foreign, 1, from, to, errors, DOMID_XEN);
    CHECK(result < 0 || errors[0] < 0);
}

static void remove_from_physmap(void)
{
    u64 gfn = gfn_of(alloc_page());
    struct xen_remove_from_physmap remove = { .domid = DOMID_SELF, .gpfn = gfn };
    CHECK_EQ(memory_op(XENMEM_remove_from_physmap, &remove), 0);
    CHECK_EQ(read32(gfn), 0xffffffff);
    CHECK_EQ(memory_op(XENMEM_remove_from_physmap, &remove), -ENOENT);
    remove.domid = NO_DOMAIN;
    CHECK_EQ(memory_op(XENMEM_remove_from_physmap, &remove), -ESRCH);
    remove.domid = 0;
    CHECK(memory_op(XENMEM_remove_from_physmap, &remove) < 0);
    CHECK_EQ(memory_op(XENMEM_remove_from_physmap | 1 << 6, &remove), -EINVAL);
    FOR_EACH_BAD_POINTER(p)
        CHECK_EQ(memory_op(XENMEM_remove_from_physmap, p), -EFAULT);
}

/* Not for guests like this one. */
static void refused(void)
{
    static struct xen_memory_exchange exchange;
    static u8 zeroes[256];
    FOR_EACH_BAD_POINTER(p)
        CHECK_EITHER(memory_op(XENMEM_exchange, p), -EFAULT, -ENOSYS);
    exchange.in.domid = DOMID_SELF;
    exchange.out.domid = NO_DOMAIN;
    CHECK_EITHER(memory_op(XENMEM_exchange, &exchange), -EINVAL, -ENOSYS);
    CHECK_EQ(memory_op(XENMEM_machine_memory_map, zeroes), -ENOSYS);
    CHECK_EQ(memory_op(XENMEM_machphys_mapping, zeroes), -ENOSYS);
    CHECK(memory_op(24 /* claim_pages */, zeroes) < 0);
    CHECK(memory_op(XENMEM_set_pod_target, zeroes) < 0);
    for (unsigned op = 29; op < 64; op++)
        CHECK_EQ(memory_op(op, zeroes), -ENOSYS);
    CHECK_EQ(memory_op(8, zeroes), -ENOSYS);
}

void guest_main(void)
{
    numbers();
    memory_map_call();
    balloon();
    partial_counts();
    impossible_frames();
    reservation_errors();
    many_pages();
    large_extent();
    beyond_the_maximum();
    shared_info_moves();
    physmap_errors();
    frames_move();
    batches();
    remove_from_physmap();
    refused();
}
