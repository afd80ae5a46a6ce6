/* sched_op: yield, block, poll, watchdog, shutdown codes; and waking from HLT. */
#include "guest.h"

const char guest_name[] = "sched";

static int port;
static unsigned other;

static long poll(evtchn_port_t *ports, unsigned count, u64 timeout)
{
    struct sched_poll p = { .nr_ports = count, .timeout = timeout };
    set_xen_guest_handle(p.ports, ports);
    return sched_op(SCHEDOP_poll, &p);
}

static void set_timer(u64 deadline)
{
    CHECK_EQ(set_timer_op(deadline), 0);
}

static void errors(void)
{
    static const u8 with_argument[] = {
        SCHEDOP_shutdown, SCHEDOP_poll, SCHEDOP_remote_shutdown, SCHEDOP_shutdown_code, SCHEDOP_watchdog,
    };
    for (unsigned i = 0; i < ARRAY_SIZE(with_argument); i++) {
        FOR_EACH_BAD_POINTER(p)
            CHECK_EQ(sched_op(with_argument[i], p), -EFAULT);
        CHECK_EQ(sched_op(with_argument[i], bad_pointer_after(2)), -EFAULT);
    }
    for (int op = SCHEDOP_pin_override + 1; op < 40; op++)
        CHECK_EQ(sched_op(op, 0), -ENOSYS);
    CHECK_EQ(sched_op(-1, 0), -ENOSYS);
    struct sched_pin_override pin = { 0 };
    CHECK_EITHER(sched_op(SCHEDOP_pin_override, &pin), -EPERM, -ENOSYS);
    struct sched_remote_shutdown remote = { .domain_id = NO_DOMAIN };
    CHECK_EQ(sched_op(SCHEDOP_remote_shutdown, &remote), -ESRCH);
    remote.domain_id = own_domid();
    CHECK_EQ(sched_op(SCHEDOP_remote_shutdown, &remote), -EPERM);
    remote.domain_id = 0;
    CHECK(sched_op(SCHEDOP_remote_shutdown, &remote) < 0);
}

static void yields(void)
{
    CHECK_EQ(sched_op(SCHEDOP_yield, 0), 0);
    FOR_EACH_BAD_POINTER(p)
        CHECK_EQ(sched_op(SCHEDOP_yield, p), 0);        /* the argument is not looked at */
    u64 start = now();
    for (unsigned i = 0; i < 1000; i++)
        sched_op(SCHEDOP_yield, 0);
    CHECK(now() - start < 5000 * MS);
}

static void poll_errors(void)
{
    static evtchn_port_t ports[200];
    CHECK_EQ(poll(ports, 129, 1), -EINVAL);
    CHECK_EQ(poll(ports, ~0u, 1), -EINVAL);
    FOR_EACH_BAD_POINTER(p)
        CHECK_EQ(poll(p, 1, 1), -EFAULT);
    evtchn_port_t *crossing = bad_pointer_after(sizeof(*crossing));
    crossing[0] = other;
    CHECK_EQ(poll(crossing, 2, 1), -EFAULT);
    ports[0] = 3000;
    CHECK_EQ(poll(ports, 1, now() + MS), -EINVAL);
}

/* A poll may end early, but not every time. */
static bool poll_lasts(evtchn_port_t *ports, unsigned count, u64 time)
{
    for (unsigned tries = 0; tries < 4; tries++) {
        u64 start = now();
        CHECK_EQ(poll(ports, count, start + time), 0);
        if (now() >= start + time)
            return true;
    }
    return false;
}

static void polls(void)
{
    evtchn_port_t ports[2] = { other, port };
    u64 start = now();
    CHECK(poll_lasts(ports, 1, 20 * MS));
    CHECK(poll_lasts(ports, 0, 10 * MS));               /* no port: just the time */
    CHECK(now() < start + 2000 * MS);
    start = now();
    CHECK_EQ(poll(ports, 2, start - MS), 0);            /* a time gone by */
    CHECK(now() < start + 1000 * MS);
    event_mask(other);
    event_send(port);                                   /* pending though masked ends it at once */
    start = now();
    CHECK_EQ(poll(ports, 1, start + 5000 * MS), 0);
    CHECK_EQ(poll(ports, 2, start + 5000 * MS), 0);
    CHECK(now() < start + 4000 * MS);
    event_clear(other);
}

/* Another vCPU's event ends the poll. */
static void send_soon(void *unused)
{
    (void)unused;
    delay(30 * MS);
    event_send(port);
}

static void poll_woken(void)
{
    evtchn_port_t ports[2] = { other, port };
    for (unsigned count = 1; count <= 2; count++) {
        cpu_run(1, send_soon, 0);
        u64 start = now();
        CHECK_EQ(poll(ports, count, start + 10000 * MS), 0);
        CHECK(now() >= start + 20 * MS && now() < start + 8000 * MS);
        CHECK(event_pending(other));
        event_clear(other);
        CHECK(cpu_wait(1, 5000));
    }
}

/* Blocking with an event on its way, by the timer and by another vCPU. */
static void blocks(void)
{
    int timer = event_bind_virq(VIRQ_TIMER, 0);
    event_unmask(timer);
    event_unmask(other);
    irq_enable();
    u32 before = event_count[timer];
    u64 start = now();
    set_timer(start + 20 * MS);
    while (event_count[timer] == before && now() < start + 5000 * MS)
        CHECK_EQ(sched_op(SCHEDOP_block, 0), 0);
    CHECK_EQ(event_count[timer], before + 1);
    CHECK(now() >= start + 20 * MS);
    before = event_count[other];
    cpu_run(1, send_soon, 0);
    start = now();
    while (event_count[other] == before && now() < start + 8000 * MS)
        sched_op(SCHEDOP_block, 0);
    CHECK_EQ(event_count[other], before + 1);
    CHECK(cpu_wait(1, 5000));
    irq_disable();
    event_mask(other);
    event_close(timer);
}

/* HLT ends with the event's interrupt; one that is pending before it ends it at once. */
static void halts(void)
{
    int timer = event_bind_virq(VIRQ_TIMER, 0);
    event_unmask(timer);
    for (unsigned i = 0; i < 20; i++) {
        u32 before = event_count[timer];
        u64 start = now();
        set_timer(start + (i % 4) * MS);        /* i = 0: has fired when HLT starts */
        while (event_count[timer] == before) {
            irq_enable_and_halt();
            irq_disable();
        }
        u64 slack = on_xen() ? MS / 5 : 0;      /* its CPUs' clocks differ a little on a busy machine */
        CHECK(now() + slack >= start + (i % 4) * MS);
        CHECK(now() < start + 2000 * MS);
    }
    event_close(timer);
}

/* Two timers, each kept from firing by stopping it; a third does not exist. */
static void watchdogs(void)
{
    struct sched_watchdog w = { .id = 0, .timeout = 100 };
    CHECK_EQ(sched_op(SCHEDOP_watchdog, &w), 1);
    CHECK_EQ(sched_op(SCHEDOP_watchdog, &w), 2);
    CHECK_EQ((int)sched_op(SCHEDOP_watchdog, &w), -ENOSPC);     /* Xen gives it as an unsigned int */
    w.id = 1;
    CHECK_EQ(sched_op(SCHEDOP_watchdog, &w), 0);        /* pat */
    w.timeout = 0;
    CHECK_EQ(sched_op(SCHEDOP_watchdog, &w), 0);        /* off */
    CHECK_EQ(sched_op(SCHEDOP_watchdog, &w), -EINVAL);
    w.id = 2;
    CHECK_EQ(sched_op(SCHEDOP_watchdog, &w), 0);
    w.id = 3;
    CHECK_EQ(sched_op(SCHEDOP_watchdog, &w), -EINVAL);
    w.id = ~0u;
    CHECK_EQ(sched_op(SCHEDOP_watchdog, &w), -EINVAL);
    w = (struct sched_watchdog){ .id = 0, .timeout = 5 };
    CHECK_EQ(sched_op(SCHEDOP_watchdog, &w), 1);
    w = (struct sched_watchdog){ .id = 1, .timeout = 2 };
    for (unsigned i = 0; i < 10; i++) {
        delay(250 * MS);
        CHECK_EQ(sched_op(SCHEDOP_watchdog, &w), 0);
    }
    w.timeout = 0;
    CHECK_EQ(sched_op(SCHEDOP_watchdog, &w), 0);
    delay(2500 * MS);                                   /* and it is really off */
}

void guest_main(void)
{
    port = event_pair(&other);
    event_clear(other);
    errors();
    yields();
    poll_errors();
    polls();
    if (CHECK(cpu_limit() >= 2) && CHECK(cpu_start(1))) {
        poll_woken();
        blocks();
    }
    halts();
    watchdogs();
    struct sched_shutdown code = { SHUTDOWN_poweroff };
    CHECK_EQ(sched_op(SCHEDOP_shutdown_code, &code), 0);    /* what the domain's end will be called */
}
