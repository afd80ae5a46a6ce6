/* A domain that ends while its peer holds its pages and ports: the peer goes on, and everything can be given back. */
#include "guest.h"

const char guest_name[] = "pairdead";

enum { REF = 200, PAGES = 8, MAPPED_GFN = 0xf0400 };

static u32 handles[PAGES];

static volatile u32 *at(u64 gfn) { return (volatile u32 *)(uintptr_t)(gfn << PAGE_BITS); }

static void meet(void)
{
    if (!pair_meet(30000))
        fatal("the peer is out of step");
}

static void serve(void)
{
    for (unsigned i = 0; i < PAGES; i++) {
        u32 *page = alloc_page();
        page[0] = 0x1000 + i;
        grant_access(REF + i, pair_peer, gfn_of(page), false);
    }
    meet();
    meet();                 /* the client has mapped: this domain ends now, as its caller returns */
    CHECK(grant_table[REF].flags & GTF_writing);
}

static long port_state(void)
{
    struct evtchn_status status = { .dom = DOMID_SELF, .port = pair_port };
    evtchn_op(EVTCHNOP_status, &status);
    return status.status;
}

static void hold_and_wait(void)
{
    meet();
    for (unsigned i = 0; i < PAGES; i++) {
        CHECK_EQ(grant_map(pair_peer, REF + i, GNTMAP_host_map, MAPPED_GFN + i, &handles[i]), GNTST_okay);
        CHECK_EQ(*at(MAPPED_GFN + i), 0x1000 + i);
    }
    meet();
    CHECK(WAIT_FOR(port_state() == EVTCHNSTAT_unbound, 60000));
    delay(500 * MS);
}

/* What is mapped can be touched as before; it is the old page, or another one in its place that nobody else sees. */
static void touch(void)
{
    for (unsigned i = 0; i < PAGES; i++) {
        *at(MAPPED_GFN + i) = 0x2000 + i;
        CHECK_EQ(*at(MAPPED_GFN + i), 0x2000 + i);
    }
}

static void give_back(void)
{
    for (unsigned i = 0; i < PAGES; i++) {
        CHECK_EQ(grant_unmap(MAPPED_GFN + i, handles[i]), GNTST_okay);
        CHECK_EQ(*at(MAPPED_GFN + i), 0xffffffff);
    }
    CHECK_EQ(grant_unmap(MAPPED_GFN, handles[0]), GNTST_bad_handle);
    CHECK_EQ(grant_unmap(PAIR_GFN, pair_handle), GNTST_okay);
}

static void nobody_there(void)
{
    u32 handle;
    CHECK(WAIT_FOR(grant_map(pair_peer, REF, GNTMAP_host_map, MAPPED_GFN, &handle) == GNTST_bad_domain, 10000));
    CHECK_EQ(event_bind_interdomain(pair_peer, 1), -ESRCH);
    CHECK_EQ(event_send(pair_port), 0);
    CHECK_EQ(event_close(pair_port), 0);
    struct gnttab_copy copy = { .flags = GNTCOPY_source_gref, .len = 4 };
    copy.source.domid = pair_peer;
    copy.source.u.ref = REF;
    copy.dest.domid = DOMID_SELF;
    copy.dest.u.gmfn = gfn_of(alloc_page());
    CHECK_EQ(grant_op(GNTTABOP_copy, &copy, 1), 0);
    CHECK_EQ(copy.status, GNTST_bad_domain);
}

void guest_main(void)
{
    pair_start();
    if (pair_is_server) {
        serve();
        return;
    }
    hold_and_wait();
    touch();
    give_back();
    nobody_there();
}
