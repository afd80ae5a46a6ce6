/* This domain's grant table (version 1 unless a test changes it) and mapping of other domains' pages. */
#include "guest.h"

#define FRAMES 4

struct grant_entry_v1 *grant_table;

long grant_table_frame(unsigned index, u64 gfn)
{
    struct xen_add_to_physmap map = { DOMID_SELF, 0, XENMAPSPACE_grant_table, index, gfn };
    return memory_op(XENMEM_add_to_physmap, &map);
}

void grants_start(void)
{
    for (unsigned i = 0; i < FRAMES; i++) {
        long error = grant_table_frame(i, GRANT_TABLE_GFN + i);
        if (error)
            fatal("grant table frame %u: %ld", i, error);
    }
    grant_table = (void *)(GRANT_TABLE_GFN << PAGE_BITS);
}

void grant_access(unsigned ref, unsigned domid, u64 gfn, bool readonly)
{
    grant_table[ref].domid = domid;
    grant_table[ref].frame = gfn;
    __atomic_store_n(&grant_table[ref].flags, GTF_permit_access | (readonly ? GTF_readonly : 0), __ATOMIC_SEQ_CST);
}

bool grant_end(unsigned ref)
{
    u16 flags = __atomic_load_n(&grant_table[ref].flags, __ATOMIC_SEQ_CST);
    do {
        if (flags & (GTF_reading | GTF_writing))
            return false;
    } while (!__atomic_compare_exchange_n(&grant_table[ref].flags, &flags, 0, false, __ATOMIC_SEQ_CST,
                                          __ATOMIC_SEQ_CST));
    return true;
}

int grant_map(unsigned domid, unsigned ref, unsigned flags, u64 gfn, u32 *handle)
{
    struct gnttab_map_grant_ref map = { .host_addr = gfn << PAGE_BITS, .flags = flags, .ref = ref, .dom = domid };
    long error = grant_op(GNTTABOP_map_grant_ref, &map, 1);
    *handle = map.handle;
    return error ? error : map.status;
}

int grant_unmap(u64 gfn, u32 handle)
{
    struct gnttab_unmap_grant_ref unmap = { .host_addr = gfn << PAGE_BITS, .handle = handle };
    long error = grant_op(GNTTABOP_unmap_grant_ref, &unmap, 1);
    return error ? error : unmap.status;
}
