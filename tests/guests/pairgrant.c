/*
 * Grants between two domains. The server grants, the client maps, copies and unmaps, both look at what changed; pair_meet()
 * keeps them in step. Grant references are known to both.
 */
#include "guest.h"

const char guest_name[] = "pairgrant";

enum { REF = 200, READONLY_REF = 201, NOT_GRANTED = 202, FOR_OTHERS = 203, LEAVING_REF = 204, TARGET_REF = 205 };

static u32 *page;       /* the server's */

static volatile u32 *at(u64 gfn) { return (volatile u32 *)(uintptr_t)(gfn << PAGE_BITS); }

static void meet(void)
{
    if (!pair_meet(30000))
        fatal("the peer is out of step");
}

static int map(unsigned ref, unsigned flags, u64 gfn)
{
    u32 handle;
    return grant_map(pair_peer, ref, flags, gfn, &handle);
}

static void server_mapping(void)
{
    page = alloc_page();
    page[0] = 0x11111111;
    grant_access(REF, pair_peer, gfn_of(page), false);
    grant_access(READONLY_REF, pair_peer, gfn_of(page), true);
    grant_access(FOR_OTHERS, NO_DOMAIN, gfn_of(page), false);
    meet();                                     /* 1: granted */
    meet();                                     /* 2: mapped twice and written */
    CHECK_EQ(page[0], 0x22222222);
    CHECK_EQ(grant_table[REF].flags, GTF_permit_access | GTF_reading | GTF_writing);
    CHECK(!grant_end(REF));
    struct gnttab_swap_grant_ref swap = { .ref_a = REF, .ref_b = NOT_GRANTED };
    CHECK_EQ(grant_op(GNTTABOP_swap_grant_ref, &swap, 1), 0);
    CHECK_EQ(swap.status, GNTST_eagain);
    meet();                                     /* 3: looked */
    meet();                                     /* 4: the writing one is unmapped */
    CHECK_EQ(grant_table[REF].flags, GTF_permit_access | GTF_reading);
    meet();                                     /* 5 */
    meet();                                     /* 6: all unmapped */
    CHECK_EQ(grant_table[REF].flags, GTF_permit_access);
    CHECK_EQ(grant_table[FOR_OTHERS].flags, GTF_permit_access);
    meet();                                     /* 7: looked */
}

static void client_mapping(void)
{
    u32 handle, second;
    u64 gfn = FREE_GFN;
    meet();                                     /* 1 */
    CHECK_EQ(map(NOT_GRANTED, GNTMAP_host_map, gfn), GNTST_general_error);
    CHECK_EQ(map(FOR_OTHERS, GNTMAP_host_map, gfn), GNTST_general_error);
    CHECK_EQ(map(READONLY_REF, GNTMAP_host_map, gfn), GNTST_general_error);
    CHECK_EQ(map(1 << 20, GNTMAP_host_map, gfn), GNTST_bad_gntref);
    CHECK_EQ(grant_map(pair_peer, REF, GNTMAP_host_map, gfn, &handle), GNTST_okay);
    CHECK_EQ(*at(gfn), 0x11111111);
    *at(gfn) = 0x22222222;
    CHECK_EQ(grant_map(pair_peer, REF, GNTMAP_host_map | GNTMAP_readonly, gfn + 1, &second), GNTST_okay);
    CHECK(second != handle);
    CHECK_EQ(*at(gfn + 1), 0x22222222);
    meet();                                     /* 2 */
    meet();                                     /* 3 */
    CHECK_EQ(grant_unmap(gfn + 2, handle), GNTST_general_error);    /* not where that handle is mapped */
    CHECK_EQ(grant_unmap(gfn, handle), GNTST_okay);
    CHECK_EQ(*at(gfn), 0xffffffff);
    CHECK_EQ(*at(gfn + 1), 0x22222222);
    CHECK_EQ(grant_unmap(gfn, handle), GNTST_bad_handle);
    meet();                                     /* 4 */
    meet();                                     /* 5 */
    CHECK_EQ(grant_unmap(gfn + 1, second), GNTST_okay);
    meet();                                     /* 6 */
    meet();                                     /* 7 */
}

static void client_readonly(void)
{
    u32 handle;
    u64 gfn = FREE_GFN;
    CHECK_EQ(grant_map(pair_peer, READONLY_REF, GNTMAP_host_map | GNTMAP_readonly, gfn, &handle), GNTST_okay);
    CHECK_EQ(*at(gfn), 0x22222222);
    CHECK_EITHER(write_memory_safe(gfn << PAGE_BITS, 6), NO_TRAP, VECTOR_GP);    /* lost, or refused */
    CHECK_EQ(*at(gfn), 0x22222222);
    xen_version(XENVER_extraversion, (void *)(uintptr_t)(gfn << PAGE_BITS));
    CHECK_EQ(*at(gfn), 0x22222222);             /* nor does a hypercall write there */
    CHECK_EQ(grant_unmap(gfn, handle), GNTST_okay);
}

static void client_batches(void)
{
    static struct gnttab_map_grant_ref maps[4];
    static struct gnttab_unmap_grant_ref unmaps[4];
    for (unsigned i = 0; i < 4; i++)
        maps[i] = (struct gnttab_map_grant_ref){
            .host_addr = (FREE_GFN + i) << PAGE_BITS, .flags = GNTMAP_host_map, .dom = pair_peer,
            .ref = i == 1 ? NOT_GRANTED : REF,
        };
    CHECK_EQ(grant_op(GNTTABOP_map_grant_ref, maps, 4), 0);
    CHECK_EQ(maps[0].status, GNTST_okay);
    CHECK_EQ(maps[1].status, GNTST_general_error);
    CHECK_EQ(maps[3].status, GNTST_okay);
    for (unsigned i = 0; i < 4; i++)
        unmaps[i] = (struct gnttab_unmap_grant_ref){
            .host_addr = maps[i].host_addr, .handle = i == 1 ? 100000 : maps[i].handle, .status = 77,
        };
    CHECK_EQ(grant_op(GNTTABOP_unmap_grant_ref, unmaps, 4), 0);
    CHECK_EQ(unmaps[0].status, GNTST_okay);
    CHECK_EQ(unmaps[1].status, GNTST_bad_handle);
    CHECK_EQ(unmaps[3].status, GNTST_okay);
    struct gnttab_map_grant_ref *crossing = bad_pointer_after(sizeof(*crossing));
    *crossing = maps[0];
    CHECK_EQ(grant_op(GNTTABOP_map_grant_ref, crossing, 2), -EFAULT);
    CHECK_EQ(crossing->status, GNTST_okay);     /* what came before the fault is done */
    CHECK_EQ(grant_unmap(FREE_GFN, crossing->handle), GNTST_okay);
}

/* More mappings than one round of a long operation; every one has its own handle. */
static void client_many(void)
{
    enum { MANY = 120 };
    static struct gnttab_map_grant_ref maps[MANY];
    static struct gnttab_unmap_grant_ref unmaps[MANY];
    unsigned wrong = 0;
    for (unsigned i = 0; i < MANY; i++)
        maps[i] = (struct gnttab_map_grant_ref){
            .host_addr = (FREE_GFN + i) << PAGE_BITS, .flags = GNTMAP_host_map, .dom = pair_peer, .ref = REF,
        };
    CHECK_EQ(grant_op(GNTTABOP_map_grant_ref, maps, MANY), 0);
    for (unsigned i = 0; i < MANY; i++) {
        wrong += maps[i].status != GNTST_okay || *at(FREE_GFN + i) != 0x22222222;
        unmaps[i] = (struct gnttab_unmap_grant_ref){ .host_addr = maps[i].host_addr, .handle = maps[i].handle };
    }
    CHECK_EQ(wrong, 0);
    CHECK_EQ(grant_op(GNTTABOP_unmap_grant_ref, unmaps, MANY), 0);
    for (unsigned i = 0; i < MANY; i++)
        wrong += unmaps[i].status != GNTST_okay;
    CHECK_EQ(wrong, 0);
}

static int copy(bool to_grant, u32 ref, void *local, unsigned local_offset, unsigned offset, unsigned length)
{
    struct gnttab_copy c = { .flags = to_grant ? GNTCOPY_dest_gref : GNTCOPY_source_gref, .len = length };
    __typeof__(c.source) mine = { .u.gmfn = gfn_of(local), .domid = DOMID_SELF, .offset = local_offset };
    __typeof__(c.source) theirs = { .u.ref = ref, .domid = pair_peer, .offset = offset };
    memcpy(&c.source, to_grant ? &mine : &theirs, sizeof(mine));
    memcpy(&c.dest, to_grant ? &theirs : &mine, sizeof(mine));
    long error = grant_op(GNTTABOP_copy, &c, 1);
    return error ? error : c.status;
}

static void server_copies(void)
{
    meet();                                     /* 1: the client has copied */
    CHECK_EQ(page[0], 0x22222222);
    CHECK_EQ(page[10], 0x12345678);
    CHECK_EQ(page[11], 0);
    CHECK_EQ(page[1023], 0x87654321);
    CHECK_EQ(grant_table[REF].flags, GTF_permit_access);
    CHECK_EQ(grant_table[READONLY_REF].flags, GTF_permit_access | GTF_readonly);
    meet();                                     /* 2 */
}

static void client_copies(void)
{
    u32 *local = alloc_page();
    local[1] = 0x12345678;
    local[2] = 0x87654321;
    CHECK_EQ(copy(true, REF, local, 4, 40, 4), GNTST_okay);
    CHECK_EQ(copy(true, REF, local, 8, 4092, 4), GNTST_okay);
    CHECK_EQ(copy(true, REF, local, 8, 4093, 4), GNTST_bad_copy_arg);
    CHECK_EQ(copy(true, READONLY_REF, local, 0, 0, 4), GNTST_general_error);
    CHECK_EQ(copy(true, NOT_GRANTED, local, 0, 0, 4), GNTST_general_error);
    CHECK_EQ(copy(false, READONLY_REF, local, 100, 0, 4), GNTST_okay);
    CHECK_EQ(local[25], 0x22222222);
    CHECK_EQ(copy(false, FOR_OTHERS, local, 100, 0, 4), GNTST_general_error);
    meet();                                     /* 1 */
    meet();                                     /* 2 */
}

/* A granted page that its owner gives up while it is mapped: the mapping stays whole until it is undone. */
static void server_page_leaves(void)
{
    u32 *leaving = alloc_page();
    xen_pfn_t gfn = gfn_of(leaving);
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };
    set_xen_guest_handle(r.extent_start, &gfn);
    leaving[0] = 0x5555;
    grant_access(LEAVING_REF, pair_peer, gfn, false);
    meet();                                     /* 1 */
    meet();                                     /* 2: mapped */
    long done = memory_op(XENMEM_decrease_reservation, &r);
    CHECK_EQ(done, 1);
    if (done == 1)
        CHECK_EQ(memory_op(XENMEM_populate_physmap, &r), 1);
    leaving[0] = 0x7777;
    meet();                                     /* 3: gone, and another page in its place */
    meet();                                     /* 4: unmapped */
    CHECK_EQ(leaving[0], 0x7777);
    CHECK(grant_end(LEAVING_REF));
}

static void client_page_leaves(void)
{
    u32 handle;
    meet();                                     /* 1 */
    CHECK_EQ(grant_map(pair_peer, LEAVING_REF, GNTMAP_host_map, FREE_GFN, &handle), GNTST_okay);
    CHECK_EQ(*at(FREE_GFN), 0x5555);
    meet();                                     /* 2 */
    meet();                                     /* 3 */
    CHECK_EQ(*at(FREE_GFN), 0x5555);
    *at(FREE_GFN) = 0x6666;
    CHECK_EQ(*at(FREE_GFN), 0x6666);
    CHECK_EQ(grant_unmap(FREE_GFN, handle), GNTST_okay);
    meet();                                     /* 4 */
}

/* What is granted to the client cannot be passed on. */
static void client_passes_on(void)
{
    u32 handle;
    CHECK_EQ(grant_map(pair_peer, REF, GNTMAP_host_map, FREE_GFN, &handle), GNTST_okay);
    grant_access(TARGET_REF, pair_peer, FREE_GFN, false);
    meet();                                     /* 1 */
    meet();                                     /* 2 */
    CHECK_EQ(grant_table[TARGET_REF].flags, GTF_permit_access);
    CHECK_EQ(grant_unmap(FREE_GFN, handle), GNTST_okay);
}

static void server_passed_on(void)
{
    meet();                                     /* 1 */
    int status = map(TARGET_REF, GNTMAP_host_map, FREE_GFN);
    CHECK_EITHER(status, GNTST_bad_page, GNTST_general_error);
    meet();                                     /* 2 */
}

/* The client leaves first; its mapping of the control page goes with it. */
static void server_sees_the_end(void)
{
    meet();
    CHECK(WAIT_FOR(!(grant_table[PAIR_REF].flags & (GTF_reading | GTF_writing)), 60000));
    CHECK(grant_end(PAIR_REF));
}

void guest_main(void)
{
    pair_start();
    if (pair_is_server) {
        server_mapping();
        server_copies();
        server_page_leaves();
        server_passed_on();
        server_sees_the_end();
    } else {
        client_mapping();
        client_readonly();
        client_batches();
        client_many();
        client_copies();
        client_page_leaves();
        client_passes_on();
        meet();
    }
}
