/* Grant tables, version 1, as far as one domain can go that grants to itself; pairgrant.c maps between two. */
#include "guest.h"

const char guest_name[] = "grant";

enum { REF = 20, OTHER_REF = 21, READONLY_REF = 22, FOREIGN_REF = 23, HOLE_REF = 24 };

static unsigned self;
static volatile u32 *page;      /* granted under REF and READONLY_REF */

static int map(unsigned domid, unsigned ref, unsigned flags, u64 gfn)
{
    u32 handle;
    return grant_map(domid, ref, flags, gfn, &handle);
}

static volatile u32 *at(u64 gfn) { return (volatile u32 *)(uintptr_t)(gfn << PAGE_BITS); }

static void sizes(void)
{
    struct gnttab_query_size query = { .dom = DOMID_SELF };
    CHECK_EQ(grant_op(GNTTABOP_query_size, &query, 1), 0);
    CHECK_EQ(query.status, GNTST_okay);
    CHECK(query.max_nr_frames >= 4);
    CHECK(query.nr_frames >= 4 && query.nr_frames <= query.max_nr_frames);
    query.dom = NO_DOMAIN;
    CHECK_EQ(grant_op(GNTTABOP_query_size, &query, 1), 0);
    CHECK_EQ(query.status, GNTST_bad_domain);
    query.dom = 0;
    CHECK_EQ(grant_op(GNTTABOP_query_size, &query, 1), 0);
    CHECK_EITHER(query.status, GNTST_permission_denied, GNTST_bad_domain);
    CHECK_EQ(grant_op(GNTTABOP_query_size, &query, 2), -EINVAL);
    CHECK_EQ(grant_op(GNTTABOP_query_size, &query, 0), -EINVAL);
    FOR_EACH_BAD_POINTER(p)
        CHECK_EQ(grant_op(GNTTABOP_query_size, p, 1), -EFAULT);
}

static void versions(void)
{
    struct gnttab_get_version get = { .dom = DOMID_SELF };
    struct gnttab_set_version set = { .version = 1 };
    CHECK_EQ(grant_op(GNTTABOP_get_version, &get, 1), 0);
    CHECK_EQ(get.version, 1);
    CHECK_EQ(grant_op(GNTTABOP_set_version, &set, 1), 0);
    CHECK_EQ(set.version, 1);
    set.version = 2;                            /* off by default for a domain */
    CHECK_EQ(grant_op(GNTTABOP_set_version, &set, 1), -ENOSYS);
    CHECK_EQ(set.version, 1);
    set.version = 3;
    CHECK_EQ(grant_op(GNTTABOP_set_version, &set, 1), -EINVAL);
    set.version = 0;
    CHECK_EQ(grant_op(GNTTABOP_set_version, &set, 1), -EINVAL);
    get.dom = NO_DOMAIN;
    CHECK_EQ(grant_op(GNTTABOP_get_version, &get, 1), -ESRCH);
    FOR_EACH_BAD_POINTER(p) {
        CHECK_EQ(grant_op(GNTTABOP_get_version, p, 1), -EFAULT);
        CHECK_EQ(grant_op(GNTTABOP_set_version, p, 1), -EFAULT);
    }
}

static void setup(void)
{
    static xen_pfn_t frames[8];
    struct gnttab_setup_table table = { .dom = DOMID_SELF, .nr_frames = 2 };
    set_xen_guest_handle(table.frame_list, frames);
    CHECK_EQ(grant_op(GNTTABOP_setup_table, &table, 1), 0);
    CHECK_EQ(table.status, GNTST_okay);
    CHECK_EQ(frames[0], GRANT_TABLE_GFN);
    CHECK_EQ(frames[1], GRANT_TABLE_GFN + 1);
    table.nr_frames = 1000000;
    CHECK_EQ(grant_op(GNTTABOP_setup_table, &table, 1), 0);
    CHECK_EQ(table.status, GNTST_general_error);
    table.nr_frames = 1;
    table.dom = NO_DOMAIN;
    CHECK_EQ(grant_op(GNTTABOP_setup_table, &table, 1), 0);
    CHECK_EQ(table.status, GNTST_bad_domain);
    table.dom = DOMID_SELF;
    set_xen_guest_handle(table.frame_list, UNMAPPED_POINTER);
    CHECK_EQ(grant_op(GNTTABOP_setup_table, &table, 1), 0);
    CHECK_EQ(table.status, on_xen() && GUEST_BITS == 32 ? GNTST_okay : GNTST_bad_virt_addr);
    CHECK_EQ(grant_op(GNTTABOP_setup_table, &table, 2), -EINVAL);
    FOR_EACH_BAD_POINTER(p)
        CHECK_EQ(grant_op(GNTTABOP_setup_table, p, 1), -EFAULT);
}

static void make_grants(void)
{
    page = alloc_page();
    grant_access(REF, self, gfn_of((void *)page), false);
    grant_access(READONLY_REF, self, gfn_of((void *)page), true);
    grant_access(FOREIGN_REF, self + 1, gfn_of((void *)page), false);
    grant_access(HOLE_REF, self, FREE_GFN + 77, false);
}

static void map_errors(void)
{
    CHECK_EQ(map(self, REF, 0, FREE_GFN), GNTST_bad_gntref);
    CHECK_EQ(map(self, REF, GNTMAP_readonly, FREE_GFN), GNTST_bad_gntref);
    CHECK_EQ(map(self, REF, GNTMAP_device_map, FREE_GFN), GNTST_general_error);
    CHECK_EQ(map(self, REF, GNTMAP_host_map | GNTMAP_contains_pte, FREE_GFN), GNTST_general_error);
    CHECK_EQ(map(self, REF, GNTMAP_host_map | GNTMAP_application_map, FREE_GFN), GNTST_general_error);
    CHECK_EQ(map(NO_DOMAIN, REF, GNTMAP_host_map, FREE_GFN), GNTST_bad_domain);
    CHECK_EQ(map(DOMID_SELF, REF, GNTMAP_host_map, FREE_GFN), GNTST_bad_domain);
    CHECK_EQ(map(self, 1000000, GNTMAP_host_map, FREE_GFN), GNTST_bad_gntref);
    CHECK_EQ(map(self, ~0u, GNTMAP_host_map, FREE_GFN), GNTST_bad_gntref);
    CHECK_EQ(map(self, OTHER_REF, GNTMAP_host_map, FREE_GFN), GNTST_general_error);
    CHECK_EQ(map(self, FOREIGN_REF, GNTMAP_host_map, FREE_GFN), GNTST_general_error);
    CHECK_EQ(map(self, READONLY_REF, GNTMAP_host_map, FREE_GFN), GNTST_general_error);
    CHECK_EQ(map(self, HOLE_REF, GNTMAP_host_map, FREE_GFN), GNTST_bad_page);
    CHECK_EQ(grant_table[HOLE_REF].flags, GTF_permit_access);   /* the claim is taken back */
    CHECK_EQ(*at(FREE_GFN), 0xffffffff);
}

static void counts_and_pointers(void)
{
    static struct gnttab_map_grant_ref maps[1];
    CHECK_EQ(grant_op(GNTTABOP_map_grant_ref, maps, 0), 0);
    CHECK_EQ(grant_op(GNTTABOP_map_grant_ref, maps, 0x80000000), -EINVAL);
    CHECK_EQ(grant_op(GNTTABOP_map_grant_ref | 1 << 12, maps, 1), -ENOSYS);
    FOR_EACH_BAD_POINTER(p) {
        CHECK_EQ(grant_op(GNTTABOP_map_grant_ref, p, 1), -EFAULT);
        CHECK_EQ(grant_op(GNTTABOP_unmap_grant_ref, p, 1), -EFAULT);
        CHECK_EQ(grant_op(GNTTABOP_copy, p, 1), -EFAULT);
        CHECK_EQ(grant_op(GNTTABOP_swap_grant_ref, p, 1), -EFAULT);
    }
}

static struct gnttab_copy copy_of(u64 from_gfn, u32 to_ref, unsigned from_offset, unsigned to_offset, unsigned length)
{
    struct gnttab_copy copy = { .flags = GNTCOPY_dest_gref, .len = length };
    copy.source.domid = DOMID_SELF;
    copy.source.u.gmfn = from_gfn;
    copy.source.offset = from_offset;
    copy.dest.domid = self;
    copy.dest.u.ref = to_ref;
    copy.dest.offset = to_offset;
    return copy;
}

static int copy_status(struct gnttab_copy copy)
{
    copy.status = 99;
    long error = grant_op(GNTTABOP_copy, &copy, 1);
    return error ? error : copy.status;
}

static void copies(void)
{
    u32 *source = alloc_page();
    for (unsigned i = 0; i < 1024; i++) {
        source[i] = i;
        page[i] = 0;
    }
    CHECK_EQ(copy_status(copy_of(gfn_of(source), REF, 16, 32, 8)), GNTST_okay);
    CHECK_EQ(page[7], 0);
    CHECK_EQ(page[8], 4);
    CHECK_EQ(page[9], 5);
    CHECK_EQ(page[10], 0);
    CHECK_EQ(copy_status(copy_of(gfn_of(source), REF, 0, 0, PAGE_BYTES)), GNTST_okay);
    CHECK_EQ(page[1023], 1023);
    CHECK_EQ(grant_table[REF].flags, GTF_permit_access);
    CHECK_EQ(copy_status(copy_of(gfn_of(source), REF, 0, 0, 0)), GNTST_okay);
    CHECK_EQ(copy_status(copy_of(gfn_of(source), REF, 4000, 0, 97)), GNTST_bad_copy_arg);
    CHECK_EQ(copy_status(copy_of(gfn_of(source), REF, 0, 4000, 97)), GNTST_bad_copy_arg);
    CHECK_EQ(copy_status(copy_of(gfn_of(source), REF, 0xffff, 0, 1)), GNTST_bad_copy_arg);
    CHECK_EQ(copy_status(copy_of(FREE_GFN, REF, 0, 0, 8)), GNTST_bad_page);
    CHECK_EQ(copy_status(copy_of(gfn_of(source), READONLY_REF, 0, 0, 8)), GNTST_general_error);
    CHECK_EQ(copy_status(copy_of(gfn_of(source), OTHER_REF, 0, 0, 8)), GNTST_general_error);
    CHECK_EQ(copy_status(copy_of(gfn_of(source), FOREIGN_REF, 0, 0, 8)), GNTST_general_error);
    CHECK_EQ(copy_status(copy_of(gfn_of(source), 1000000, 0, 0, 8)), GNTST_bad_gntref);
    struct gnttab_copy copy = copy_of(gfn_of(source), REF, 0, 0, 8);
    copy.source.domid = NO_DOMAIN;
    CHECK(copy_status(copy) < 0);
    copy.source.domid = 0;                      /* a frame number is good for one's own memory only */
    CHECK_EQ(copy_status(copy), GNTST_permission_denied);
    copy.source.domid = DOMID_SELF;
    copy.dest.domid = NO_DOMAIN;
    CHECK_EQ(copy_status(copy), GNTST_bad_domain);
}

static void copies_from_grants(void)
{
    u32 *target = alloc_page();
    struct gnttab_copy copies[3];
    for (unsigned i = 0; i < 3; i++) {
        copies[i] = (struct gnttab_copy){ .flags = GNTCOPY_source_gref, .len = 4 };
        copies[i].source.domid = self;
        copies[i].source.u.ref = i == 1 ? OTHER_REF : READONLY_REF;
        copies[i].source.offset = i * 4;
        copies[i].dest.domid = DOMID_SELF;
        copies[i].dest.u.gmfn = gfn_of(target);
        copies[i].dest.offset = i * 4;
    }
    page[0] = 0xaaaa;
    page[2] = 0xcccc;
    CHECK_EQ(grant_op(GNTTABOP_copy, copies, 3), 0);
    CHECK_EQ(copies[0].status, GNTST_okay);
    CHECK_EQ(copies[1].status, GNTST_general_error);
    CHECK_EQ(copies[2].status, GNTST_okay);
    CHECK_EQ(target[0], 0xaaaa);
    CHECK_EQ(target[1], 0);
    CHECK_EQ(target[2], 0xcccc);
}

static int swap(u32 a, u32 b)
{
    struct gnttab_swap_grant_ref s = { .ref_a = a, .ref_b = b };
    long error = grant_op(GNTTABOP_swap_grant_ref, &s, 1);
    return error ? error : s.status;
}

static void swaps(void)
{
    u32 frame = grant_table[REF].frame;
    CHECK_EQ(swap(REF, OTHER_REF), GNTST_okay);
    CHECK_EQ(grant_table[REF].flags, 0);
    CHECK_EQ(grant_table[OTHER_REF].frame, frame);
    CHECK_EQ(swap(REF, OTHER_REF), GNTST_okay);
    CHECK_EQ(swap(REF, REF), GNTST_okay);
    CHECK_EQ(swap(REF, 1000000), GNTST_bad_gntref);
    CHECK_EQ(swap(1000000, REF), GNTST_bad_gntref);
}

/* Xen offers neither of these to HVM guests. */
static void cache_and_status(void)
{
    struct gnttab_cache_flush flush = { .a.dev_bus_addr = (uintptr_t)page, .length = 64, .op = GNTTAB_CACHE_CLEAN };
    struct gnttab_get_status_frames frames = { .nr_frames = 1, .dom = DOMID_SELF };
    static uint64_t list[1];
    set_xen_guest_handle(frames.frame_list, list);
    if (on_xen()) {
        CHECK_EQ(grant_op(GNTTABOP_cache_flush, &flush, 1), -ENOSYS);
        CHECK_EQ(grant_op(GNTTABOP_get_status_frames, &frames, 1), -ENOSYS);
        return;
    }
    CHECK_EQ(grant_op(GNTTABOP_cache_flush, &flush, 1), 0);
    flush.op = 0x80;
    CHECK_EQ(grant_op(GNTTABOP_cache_flush, &flush, 1), -EINVAL);
    flush.op = GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_INVAL;
    flush.offset = 4090;
    CHECK_EQ(grant_op(GNTTABOP_cache_flush, &flush, 1), -EINVAL);
    CHECK_EQ(grant_op(GNTTABOP_get_status_frames, &frames, 1), 0);
    CHECK_EQ(frames.status, GNTST_general_error);       /* version 1 has none */
}

static void unknown(void)
{
    static u8 zeroes[128];
    CHECK_EQ(grant_op(GNTTABOP_transfer, zeroes, 1), -ENOSYS);
    CHECK_EQ(grant_op(GNTTABOP_dump_table, zeroes, 1), -ENOSYS);
    CHECK_EQ(grant_op(GNTTABOP_unmap_and_replace, zeroes, 1), -ENOSYS);
    for (unsigned op = 13; op < 40; op++)
        CHECK_EQ(grant_op(op, zeroes, 1), -ENOSYS);
}

/* The table's last frame can be asked for; the one after it cannot. */
static void all_frames(void)
{
    struct gnttab_query_size query = { .dom = DOMID_SELF };
    grant_op(GNTTABOP_query_size, &query, 1);
    unsigned last = query.max_nr_frames - 1;
    CHECK_EQ(grant_table_frame(last, FREE_GFN), 0);
    CHECK_EQ(grant_table_frame(last + 1, FREE_GFN), -EINVAL);
    grant_op(GNTTABOP_query_size, &query, 1);
    CHECK_EQ(query.nr_frames, query.max_nr_frames);
    struct grant_entry_v1 *entry = (void *)(FREE_GFN << PAGE_BITS);
    entry[3] = (struct grant_entry_v1){ .flags = GTF_permit_access, .domid = self, .frame = gfn_of((void *)page) };
    CHECK_EQ(copy_status(copy_of(gfn_of(guest_main), last * PAGE_BYTES / sizeof(*entry) + 3, 0, 0, 4)), GNTST_okay);
    CHECK_EQ(map(self, (last + 1) * PAGE_BYTES / sizeof(*entry), GNTMAP_host_map, FREE_GFN + 1), GNTST_bad_gntref);
}

void guest_main(void)
{
    self = own_domid();
    grants_start();
    sizes();
    versions();
    setup();
    make_grants();
    map_errors();
    counts_and_pointers();
    copies();
    copies_from_grants();
    swaps();
    cache_and_status();
    unknown();
    all_frames();
}
