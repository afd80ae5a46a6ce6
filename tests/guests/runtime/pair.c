/*
 * Two domains that test each other. The server grants a control page under PAIR_REF and opens a port to its peer; the
 * client finds the port by trying (binding fails for every port but one opened to it) and maps the page.
 */
#include "guest.h"

#define LAST_TRIED_PORT 64
#define PATIENCE_MS 60000

bool pair_is_server;
unsigned pair_self, pair_peer, pair_port;
struct pair_page *pair_page;
u32 pair_handle;

int pair_bind_next(unsigned *from)
{
    for (; *from <= LAST_TRIED_PORT; (*from)++) {
        int port = event_bind_interdomain(pair_peer, *from);
        if (port >= 0) {
            (*from)++;
            return port;
        }
    }
    *from = 1;
    return -1;
}

static void serve(void)
{
    pair_page = alloc_page();
    grant_access(PAIR_REF, pair_peer, gfn_of(pair_page), false);
    int port = event_alloc_unbound(pair_peer);
    if (port < 0)
        fatal("no port for the peer: %d", port);
    pair_port = port;
    if (!WAIT_FOR(pair_page->client_ready, PATIENCE_MS))
        fatal("the peer did not come");
}

static void join(void)
{
    unsigned from = 1;
    int port = -1;
    u64 deadline = now() + PATIENCE_MS * MS;
    while ((port = pair_bind_next(&from)) < 0 && now() < deadline)
        delay(10 * MS);
    if (port < 0)
        fatal("the peer opened no port");
    pair_port = port;
    int status = grant_map(pair_peer, PAIR_REF, GNTMAP_host_map, PAIR_GFN, &pair_handle);
    if (status)
        fatal("mapping the control page: %d", status);
    pair_page = (void *)(PAIR_GFN << PAGE_BITS);
    pair_page->client_ready = 1;
}

void pair_start(void)
{
    pair_is_server = option_is("role", "server");
    pair_self = option_number("domid", 0);
    pair_peer = option_number("peer", 0);
    grants_start();
    if (pair_is_server)
        serve();
    else
        join();
}

/* Both sides get here before either goes on. */
bool pair_meet(unsigned milliseconds)
{
    volatile u32 *mine = &pair_page->met[pair_is_server], *theirs = &pair_page->met[!pair_is_server];
    u32 round = *mine + 1;
    *mine = round;
    return WAIT_FOR(*theirs >= round, milliseconds);
}
