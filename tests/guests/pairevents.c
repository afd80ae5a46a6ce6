/* Events between two domains: rights of a port, both directions, many at once, closing, and the peer's end. */
#include "guest.h"

const char guest_name[] = "pairevents";

#define ROUNDS 500

static void meet(void)
{
    if (!pair_meet(30000))
        fatal("the peer is out of step");
}

static long state_of(unsigned port, struct evtchn_status *status)
{
    *status = (struct evtchn_status){ .dom = DOMID_SELF, .port = port };
    long error = evtchn_op(EVTCHNOP_status, status);
    return error ? error : (long)status->status;
}

static void connected(void)
{
    struct evtchn_status status;
    CHECK_EQ(state_of(pair_port, &status), EVTCHNSTAT_interdomain);
    CHECK_EQ(status.u.interdomain.dom, pair_peer);
    status = (struct evtchn_status){ .dom = pair_peer, .port = status.u.interdomain.port };
    CHECK_EQ(evtchn_op(EVTCHNOP_status, &status), -EPERM);      /* not to be looked at from outside */
    struct evtchn_alloc_unbound alloc = { .dom = pair_peer, .remote_dom = DOMID_SELF };
    CHECK_EQ(evtchn_op(EVTCHNOP_alloc_unbound, &alloc), -EPERM);
    struct evtchn_reset reset = { .dom = pair_peer };
    CHECK_EQ(evtchn_op(EVTCHNOP_reset, &reset), -EPERM);
    struct sched_remote_shutdown remote = { .domain_id = pair_peer, .reason = SHUTDOWN_crash };
    CHECK_EQ(sched_op(SCHEDOP_remote_shutdown, &remote), -EPERM);
    CHECK_EQ(event_bind_interdomain(pair_peer, status.port), -EINVAL);  /* taken */
    CHECK_EQ(event_bind_interdomain(pair_peer, 4000), -EINVAL);
}

/* Each event is answered by one: none is lost, none comes twice. */
static void ping_pong(void)
{
    event_unmask(pair_port);
    irq_enable();
    delay(5 * MS);
    meet();
    u32 seen = event_count[pair_port];
    meet();
    for (u32 i = 0; i < ROUNDS; i++) {
        if (!pair_is_server)
            event_send(pair_port);
        if (!CHECK(WAIT_FOR(event_count[pair_port] == seen + i + 1, 10000)))
            break;
        if (pair_is_server)
            event_send(pair_port);
    }
    CHECK_EQ(event_count[pair_port], seen + ROUNDS);
    irq_disable();
    meet();
}

/* Sleeping in between: an event always wakes. */
static void sleeping_ping_pong(void)
{
    u32 seen = event_count[pair_port];
    meet();
    for (u32 i = 0; i < ROUNDS; i++) {
        if (!pair_is_server)
            event_send(pair_port);
        while (event_count[pair_port] == seen + i) {
            irq_enable_and_halt();
            irq_disable();
        }
        if (pair_is_server)
            event_send(pair_port);
    }
    CHECK_EQ(event_count[pair_port], seen + ROUNDS);
    meet();
}

/* The server opens a second port, the client binds, both close in turn. */
static void close_and_bind_again(void)
{
    struct evtchn_status status;
    if (pair_is_server) {
        int port = event_alloc_unbound(pair_peer);
        pair_page->words[1] = port;
        meet();                                 /* 1: open */
        meet();                                 /* 2: bound and closed by the client */
        CHECK_EQ(state_of(port, &status), EVTCHNSTAT_unbound);
        CHECK_EQ(status.u.unbound.dom, pair_peer);
        meet();                                 /* 3: looked */
        meet();                                 /* 4: bound again */
        CHECK_EQ(state_of(port, &status), EVTCHNSTAT_interdomain);
        CHECK_EQ(event_close(port), 0);
        meet();                                 /* 5: closed here */
        return;
    }
    meet();                                     /* 1 */
    unsigned remote = pair_page->words[1];
    int port = event_bind_interdomain(pair_peer, remote);
    CHECK(port > 0);
    CHECK(event_pending(port));
    CHECK_EQ(event_close(port), 0);
    meet();                                     /* 2 */
    meet();                                     /* 3 */
    port = event_bind_interdomain(pair_peer, remote);
    CHECK(port > 0);
    meet();                                     /* 4 */
    meet();                                     /* 5 */
    CHECK_EQ(state_of(port, &status), EVTCHNSTAT_unbound);
    CHECK_EQ(event_send(port), 0);              /* to nobody */
    CHECK_EQ(event_close(port), 0);
}

/* A port that is opened for somebody else cannot be bound. */
static void not_for_us(void)
{
    if (pair_is_server) {
        int port = event_alloc_unbound(NO_DOMAIN), own = event_alloc_unbound(DOMID_SELF);
        pair_page->words[2] = port > 0 ? port : own;
        pair_page->words[3] = own;
        meet();
        meet();
        return;
    }
    meet();
    CHECK_EQ(event_bind_interdomain(pair_peer, pair_page->words[2]), -EINVAL);
    CHECK_EQ(event_bind_interdomain(pair_peer, pair_page->words[3]), -EINVAL);
    meet();
}

/* The client powers off first: the server's port becomes unbound, and sending to it is no error. */
static void peer_ends(void)
{
    struct evtchn_status status;
    meet();
    if (!pair_is_server)
        return;
    CHECK(WAIT_FOR(state_of(pair_port, &status) == EVTCHNSTAT_unbound, 60000));
    CHECK_EQ(event_send(pair_port), 0);
    CHECK_EQ(event_close(pair_port), 0);
}

void guest_main(void)
{
    pair_start();
    connected();
    ping_pong();
    sleeping_ping_pong();
    close_and_bind_again();
    not_for_us();
    peer_ends();
}
