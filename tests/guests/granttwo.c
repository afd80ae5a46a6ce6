/* Grant tables, version 2, of a domain that may have them: the switch, status frames, parts of pages, what is refused. */
#include "guest.h"

const char guest_name[] = "granttwo";

enum { REF = 20, SUB_REF = 21, TRANSITIVE_REF = 22, OTHER_REF = 23, STATUS_GFN_OFFSET = 8 };

static unsigned self;
static u32 *page;
static union grant_entry_v2 *table;
static volatile u16 *status;

static long set_version(u32 version, u32 *now_version)
{
    struct gnttab_set_version set = { .version = version };
    long error = grant_op(GNTTABOP_set_version, &set, 1);
    *now_version = set.version;
    return error;
}

static void switch_over(void)
{
    u32 version;
    struct gnttab_get_version get = { .dom = DOMID_SELF };
    CHECK_EQ(set_version(2, &version), 0);
    CHECK_EQ(version, 2);
    CHECK_EQ(grant_op(GNTTABOP_get_version, &get, 1), 0);
    CHECK_EQ(get.version, 2);
    CHECK_EQ(set_version(2, &version), 0);
    CHECK_EQ(set_version(3, &version), -EINVAL);
    CHECK_EQ(version, 2);
    table = (void *)grant_table;
    for (unsigned i = 8; i < PAGE_BYTES / sizeof(*table); i++)
        CHECK(table[i].hdr.flags == 0 || i < 8);
}

static void status_frames(void)
{
    u64 gfn = GRANT_TABLE_GFN + STATUS_GFN_OFFSET;
    CHECK_EQ(grant_table_frame(XENMAPIDX_grant_table_status, gfn), 0);
    status = (void *)(uintptr_t)(gfn << PAGE_BITS);
    CHECK_EQ(status[REF], 0);
    CHECK_EQ(grant_table_frame(XENMAPIDX_grant_table_status | 1000, gfn + 1), -EINVAL);
    if (on_xen())                               /* not offered to HVM guests there */
        return;
    static uint64_t frames[2];
    struct gnttab_get_status_frames get = { .nr_frames = 1, .dom = DOMID_SELF };
    set_xen_guest_handle(get.frame_list, frames);
    CHECK_EQ(grant_op(GNTTABOP_get_status_frames, &get, 1), 0);
    CHECK_EQ(get.status, GNTST_okay);
    CHECK_EQ(frames[0], gfn);
    get.nr_frames = 100000;
    CHECK_EQ(grant_op(GNTTABOP_get_status_frames, &get, 1), 0);
    CHECK_EQ(get.status, GNTST_general_error);
    get.nr_frames = 1;
    get.dom = NO_DOMAIN;
    CHECK_EQ(grant_op(GNTTABOP_get_status_frames, &get, 1), 0);
    CHECK_EQ(get.status, GNTST_bad_domain);
    CHECK_EQ(grant_op(GNTTABOP_get_status_frames, &get, 2), -EINVAL);
    FOR_EACH_BAD_POINTER(p)
        CHECK_EQ(grant_op(GNTTABOP_get_status_frames, p, 1), -EFAULT);
}

static void make_grants(void)
{
    page = alloc_page();
    for (unsigned i = 0; i < 1024; i++)
        page[i] = i;
    table[REF].full_page.hdr.domid = self;
    table[REF].full_page.frame = gfn_of(page);
    table[REF].full_page.hdr.flags = GTF_permit_access;
    table[SUB_REF].sub_page.hdr.domid = self;
    table[SUB_REF].sub_page.frame = gfn_of(page);
    table[SUB_REF].sub_page.page_off = 256;
    table[SUB_REF].sub_page.length = 64;
    table[SUB_REF].sub_page.hdr.flags = GTF_permit_access | GTF_sub_page;
    table[TRANSITIVE_REF].transitive.hdr.domid = self;
    table[TRANSITIVE_REF].transitive.trans_domid = self;
    table[TRANSITIVE_REF].transitive.gref = REF;
    table[TRANSITIVE_REF].transitive.hdr.flags = GTF_transitive;
}

static int copy_from(u32 ref, unsigned offset, unsigned length, void *to)
{
    struct gnttab_copy copy = { .flags = GNTCOPY_source_gref, .len = length };
    copy.source.domid = self;
    copy.source.u.ref = ref;
    copy.source.offset = offset;
    copy.dest.domid = DOMID_SELF;
    copy.dest.u.gmfn = gfn_of(to);
    copy.dest.offset = 0;
    long error = grant_op(GNTTABOP_copy, &copy, 1);
    return error ? error : copy.status;
}

static void copies(void)
{
    u32 *to = alloc_page();
    CHECK_EQ(copy_from(REF, 40, 4, to), GNTST_okay);
    CHECK_EQ(to[0], 10);
    CHECK_EQ(status[REF], 0);
    CHECK_EQ(copy_from(SUB_REF, 256, 64, to), GNTST_okay);
    CHECK_EQ(to[0], 64);
    CHECK_EQ(to[15], 79);
    CHECK_EQ(copy_from(SUB_REF, 300, 20, to), GNTST_okay);
    CHECK_EQ(copy_from(SUB_REF, 252, 8, to), GNTST_general_error);      /* begins before the part */
    CHECK_EQ(copy_from(SUB_REF, 300, 21, to), GNTST_general_error);     /* ends behind it */
    CHECK_EQ(copy_from(SUB_REF, 0, 4, to), GNTST_general_error);
    CHECK_EQ(copy_from(OTHER_REF, 0, 4, to), GNTST_general_error);
    if (!on_xen())                              /* Xen follows them unless told not to */
        CHECK(copy_from(TRANSITIVE_REF, 0, 4, to) < 0);
    table[SUB_REF].sub_page.page_off = 4000;
    table[SUB_REF].sub_page.length = 4000;
    CHECK(copy_from(SUB_REF, 4000, 97, to) < 0);
    CHECK_EQ(status[SUB_REF], 0);
}

static void maps(void)
{
    u32 handle;
    CHECK_EQ(grant_map(self, OTHER_REF, GNTMAP_host_map, FREE_GFN, &handle), GNTST_general_error);
    CHECK(grant_map(self, SUB_REF, GNTMAP_host_map, FREE_GFN, &handle) < 0);    /* a part cannot be mapped */
    CHECK(grant_map(self, TRANSITIVE_REF, GNTMAP_host_map, FREE_GFN, &handle) < 0);
    if (on_xen())               /* where mapping one's own page moves it */
        return;
    CHECK_EQ(grant_map(self, REF, GNTMAP_host_map, FREE_GFN, &handle), GNTST_okay);
    CHECK_EQ(status[REF], GTF_reading | GTF_writing);
    CHECK_EQ(table[REF].hdr.flags, GTF_permit_access);
    CHECK_EQ(*(volatile u32 *)((FREE_GFN << PAGE_BITS) + 40), 10);
    u32 version;
    CHECK_EQ(set_version(1, &version), -EBUSY);
    CHECK_EQ(grant_unmap(FREE_GFN, handle), GNTST_okay);
    CHECK_EQ(status[REF], 0);
}

static void back_again(void)
{
    u32 version;
    CHECK_EQ(set_version(1, &version), 0);
    CHECK_EQ(version, 1);
    grant_access(REF, self, gfn_of(page), false);
    u32 *to = alloc_page();
    CHECK_EQ(copy_from(REF, 40, 4, to), GNTST_okay);
    CHECK_EQ(to[0], 10);
    CHECK_EQ(set_version(2, &version), 0);
    CHECK_EQ(copy_from(REF, 40, 4, to), GNTST_general_error);   /* entries do not survive a switch */
}

void guest_main(void)
{
    self = own_domid();
    grants_start();
    switch_over();
    status_frames();
    make_grants();
    copies();
    maps();
    back_again();
}
