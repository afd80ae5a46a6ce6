/* Event channels of one domain with two vCPUs, 2-level ABI: every operation, good and bad arguments. */
#include "guest.h"

const char guest_name[] = "evtchn";

#define BAD_PORT 3000u          /* valid for the ABI, never allocated */

static long status_of(unsigned port, struct evtchn_status *status)
{
    memset(status, 0, sizeof(*status));
    status->dom = DOMID_SELF;
    status->port = port;
    return evtchn_op(EVTCHNOP_status, status);
}

static long state_of(unsigned port)
{
    struct evtchn_status status;
    long error = status_of(port, &status);
    return error ? error : (long)status.status;
}

static long bind_vcpu(unsigned port, unsigned vcpu)
{
    struct evtchn_bind_vcpu bind = { port, vcpu };
    return evtchn_op(EVTCHNOP_bind_vcpu, &bind);
}

static void bad_pointers_everywhere(void)
{
    static const u8 operations[] = {
        EVTCHNOP_bind_interdomain, EVTCHNOP_bind_virq, EVTCHNOP_bind_pirq, EVTCHNOP_close, EVTCHNOP_send,
        EVTCHNOP_status, EVTCHNOP_alloc_unbound, EVTCHNOP_bind_ipi, EVTCHNOP_bind_vcpu, EVTCHNOP_unmask,
        EVTCHNOP_reset, EVTCHNOP_init_control, EVTCHNOP_expand_array, EVTCHNOP_set_priority,
    };
    for (unsigned i = 0; i < ARRAY_SIZE(operations); i++) {
        FOR_EACH_BAD_POINTER(p)
            CHECK_EQ(evtchn_op(operations[i], p), -EFAULT);
        CHECK_EQ(evtchn_op(operations[i], bad_pointer_after(1)), -EFAULT);
    }
    for (int op = 15; op < 40; op++)
        CHECK_EQ(evtchn_op(op, 0), -ENOSYS);
    CHECK_EQ(evtchn_op(-1, 0), -ENOSYS);
    CHECK_EQ(hypercall1(__HYPERVISOR_event_channel_op_compat, 0), -ENOSYS);
}

static void alloc_unbound(void)
{
    struct evtchn_status status;
    int port = event_alloc_unbound(DOMID_SELF), second = event_alloc_unbound(0);
    CHECK(port > 0);
    CHECK(second > 0 && second != port);
    CHECK_EQ(status_of(port, &status), 0);
    CHECK_EQ(status.status, EVTCHNSTAT_unbound);
    CHECK_EQ(status.vcpu, 0);
    CHECK_EQ(status.u.unbound.dom, option_number("domid", status.u.unbound.dom));
    CHECK_EQ(status_of(second, &status), 0);
    CHECK_EQ(status.u.unbound.dom, 0);
    CHECK_EQ(event_send(port), 0);              /* dropped without a word */
    struct evtchn_alloc_unbound other = { .dom = NO_DOMAIN, .remote_dom = DOMID_SELF };
    CHECK_EQ(evtchn_op(EVTCHNOP_alloc_unbound, &other), -ESRCH);
    other.dom = 0;
    CHECK(evtchn_op(EVTCHNOP_alloc_unbound, &other) < 0);
    CHECK_EQ(event_close(second), 0);
    CHECK_EQ(event_alloc_unbound(DOMID_SELF), second);      /* the lowest free port */
    CHECK_EQ(event_close(second), 0);
    CHECK_EQ(event_close(port), 0);
    CHECK_EQ(state_of(port), EVTCHNSTAT_closed);
}

static void interdomain_errors(void)
{
    int port = event_alloc_unbound(0);          /* for somebody else */
    CHECK_EQ(event_bind_interdomain(DOMID_SELF, port), -EINVAL);
    CHECK_EQ(event_bind_interdomain(DOMID_SELF, BAD_PORT), -EINVAL);
    CHECK_EQ(event_bind_interdomain(DOMID_SELF, 0), -EINVAL);
    CHECK_EQ(event_bind_interdomain(DOMID_SELF, ~0u), -EINVAL);
    CHECK_EQ(event_bind_interdomain(NO_DOMAIN, 1), -ESRCH);
    CHECK_EQ(event_bind_interdomain(DOMID_INVALID, 1), -ESRCH);
    CHECK_EQ(event_close(port), 0);
}

static void interdomain(void)
{
    struct evtchn_status status;
    unsigned other = 0;
    int port = event_pair(&other);
    CHECK(port > 0 && other != (unsigned)port);
    CHECK(event_pending(other));                /* binding raises the new port once: an event may have been lost */
    event_clear(other);
    CHECK_EQ(status_of(port, &status), 0);
    CHECK_EQ(status.status, EVTCHNSTAT_interdomain);
    CHECK_EQ(status.u.interdomain.port, other);
    CHECK_EQ(event_bind_interdomain(DOMID_SELF, port), -EINVAL);
    CHECK_EQ(event_send(port), 0);
    CHECK(event_pending(other));
    CHECK(!event_pending(port));
    CHECK_EQ(event_send(other), 0);
    CHECK(event_pending(port));
    CHECK_EQ(event_close(port), 0);
    CHECK(!event_pending(port));                /* closing clears it */
    CHECK_EQ(state_of(other), EVTCHNSTAT_unbound);
    CHECK_EQ(event_send(other), 0);
    CHECK_EQ(event_bind_interdomain(DOMID_SELF, other), port);
    CHECK_EQ(state_of(other), EVTCHNSTAT_interdomain);
    CHECK_EQ(event_close(other), 0);
    CHECK_EQ(event_close(port), 0);
    CHECK_EQ(event_close(port), -EINVAL);
}

static void virqs(void)
{
    struct evtchn_status status;
    int timer = event_bind_virq(VIRQ_TIMER, 0), debug = event_bind_virq(VIRQ_DEBUG, 1);
    CHECK(timer > 0);
    CHECK(debug > 0);
    CHECK_EQ(event_bind_virq(VIRQ_TIMER, 0), -EEXIST);
    CHECK_EQ(event_bind_virq(NR_VIRQS, 0), -EINVAL);
    CHECK_EQ(event_bind_virq(~0u, 0), -EINVAL);
    CHECK_EQ(event_bind_virq(VIRQ_TIMER, 1000), -ENOENT);
    CHECK_EQ(event_bind_virq(VIRQ_DOM_EXC, 1), -EINVAL);    /* global ones belong to vCPU 0 */
    CHECK_EQ(status_of(timer, &status), 0);
    CHECK_EQ(status.status, EVTCHNSTAT_virq);
    CHECK_EQ(status.u.virq, VIRQ_TIMER);
    CHECK_EQ(status_of(debug, &status), 0);
    CHECK_EQ(status.vcpu, 1);
    CHECK_EQ(event_send(timer), -EINVAL);
    CHECK_EQ(bind_vcpu(timer, 1), -EINVAL);
    CHECK_EQ(event_close(timer), 0);
    CHECK_EQ(event_close(debug), 0);
    CHECK_EQ(event_bind_virq(VIRQ_TIMER, 0), timer);
    CHECK_EQ(event_close(timer), 0);
}

static void ipis(void)
{
    struct evtchn_status status;
    int port = event_bind_ipi(1);
    CHECK(port > 0);
    CHECK_EQ(event_bind_ipi(1000), -ENOENT);
    CHECK_EQ(event_bind_ipi(~0u), -ENOENT);
    CHECK_EQ(status_of(port, &status), 0);
    CHECK_EQ(status.status, EVTCHNSTAT_ipi);
    CHECK_EQ(status.vcpu, 1);
    CHECK_EQ(bind_vcpu(port, 0), -EINVAL);
    CHECK_EQ(event_send(port), 0);
    CHECK(event_pending(port));
    CHECK_EQ(event_close(port), 0);
}

static void pirqs(void)
{
    struct evtchn_bind_pirq bind = { .pirq = 0x7fffffff };
    CHECK_EQ(evtchn_op(EVTCHNOP_bind_pirq, &bind), -EINVAL);
    bind.pirq = ~0u;
    CHECK_EQ(evtchn_op(EVTCHNOP_bind_pirq, &bind), -EINVAL);
}

static void bad_ports(void)
{
    static const unsigned ports[] = { BAD_PORT, 4096, 131072, 0x7fffffff, 0x80000000, ~0u };
    for (unsigned i = 0; i < ARRAY_SIZE(ports); i++) {
        struct evtchn_unmask unmask = { ports[i] };
        struct evtchn_set_priority priority = { ports[i], 0 };
        CHECK_EQ(event_close(ports[i]), -EINVAL);
        CHECK_EQ(event_send(ports[i]), -EINVAL);
        CHECK_EQ(state_of(ports[i]), -EINVAL);
        CHECK_EQ(bind_vcpu(ports[i], 0), -EINVAL);
        CHECK_EQ(evtchn_op(EVTCHNOP_unmask, &unmask), -EINVAL);
        CHECK_EQ(evtchn_op(EVTCHNOP_set_priority, &priority), -EINVAL);
    }
    CHECK_EQ(event_close(0), -EINVAL);          /* port 0 is never anybody's */
    CHECK_EQ(event_send(0), -EINVAL);
}

static void status_of_others(void)
{
    struct evtchn_status status = { .dom = NO_DOMAIN, .port = 1 };
    CHECK_EQ(evtchn_op(EVTCHNOP_status, &status), -ESRCH);
    status.dom = 0;
    CHECK(evtchn_op(EVTCHNOP_status, &status) < 0);
}

/* An event that is unmasked comes as one upcall; a masked one waits for unmask. */
static void upcalls(void)
{
    unsigned other;
    int port = event_pair(&other);
    event_clear(other);
    event_unmask(other);
    u32 before = event_count[other];
    irq_enable();
    CHECK_EQ(event_send(port), 0);
    CHECK(WAIT_FOR(event_count[other] == before + 1, 1000));
    event_mask(other);
    CHECK_EQ(event_send(port), 0);
    CHECK(event_pending(other));
    CHECK_EQ(event_count[other], before + 1);
    event_unmask(other);
    CHECK(WAIT_FOR(event_count[other] == before + 2, 1000));
    irq_disable();
    CHECK_EQ(event_send(port), 0);
    CHECK_EQ(event_count[other], before + 2);
    CHECK_EQ(shared_info->vcpu_info[0].evtchn_upcall_pending, 1);
    irq_enable();
    CHECK(WAIT_FOR(event_count[other] == before + 3, 1000));
    irq_disable();
    event_mask(other);
    event_close(port);
    event_close(other);
}

static void enable_and_wait(void *flag)
{
    irq_enable();
    while (!*(volatile u32 *)flag)
        cpu_relax();
    irq_disable();
}

/* Events go to the vCPU they are bound to, and follow when they are bound anew. */
static void second_vcpu(void)
{
    unsigned other;
    volatile u32 stop = 0;
    int ipi = event_bind_ipi(1), port = event_pair(&other);
    if (!CHECK(cpu_start(1)))
        return;
    cpu_run(1, enable_and_wait, (void *)&stop);
    event_unmask(ipi);
    CHECK_EQ(event_send(ipi), 0);
    CHECK(WAIT_FOR(event_count[ipi] == 1, 1000));
    CHECK_EQ(event_cpu[ipi], 1);
    event_clear(other);
    CHECK_EQ(bind_vcpu(other, 1), 0);
    event_unmask(other);
    CHECK_EQ(event_send(port), 0);
    CHECK(WAIT_FOR(event_count[other] == 1, 1000));
    CHECK_EQ(event_cpu[other], 1);
    CHECK_EQ(bind_vcpu(other, 1000), -ENOENT);
    CHECK_EQ(bind_vcpu(other, 0), 0);
    irq_enable();
    CHECK_EQ(event_send(port), 0);
    CHECK(WAIT_FOR(event_count[other] == 2, 1000));
    CHECK_EQ(event_cpu[other], 0);
    irq_disable();
    stop = 1;
    CHECK(cpu_wait(1, 1000));
    event_close(ipi);
    event_close(port);
    event_close(other);
}

static void own_vector_handler(struct trap_frame *frame)
{
    (void)frame;
    apic_eoi();
    this_cpu()->upcalls++;
    events_scan();
}

/* A vector per vCPU through the local APIC instead of the callback vector. */
static void upcall_vector(void)
{
    struct xen_hvm_evtchn_upcall_vector vector = { .vcpu = 0, .vector = 0x40 };
    unsigned other;
    int port = event_pair(&other);
    u32 before = event_count[other];
    event_clear(other);
    set_handler(0x40, own_vector_handler);
    apic_start();
    CHECK_EQ(hvm_op(HVMOP_set_evtchn_upcall_vector, &vector), 0);
    event_unmask(other);
    irq_enable();
    CHECK_EQ(event_send(port), 0);
    CHECK(WAIT_FOR(event_count[other] == before + 1, 1000));
    CHECK_EQ(event_send(port), 0);
    CHECK(WAIT_FOR(event_count[other] == before + 2, 1000));
    irq_disable();
    vector.vector = 0x0f;
    CHECK_EQ(hvm_op(HVMOP_set_evtchn_upcall_vector, &vector), -EINVAL);
    vector.vector = 0x40;
    vector.vcpu = 1000;
    CHECK_EQ(hvm_op(HVMOP_set_evtchn_upcall_vector, &vector), -ENOENT);
    FOR_EACH_BAD_POINTER(p)
        CHECK_EQ(hvm_op(HVMOP_set_evtchn_upcall_vector, p), -EFAULT);
    event_mask(other);
    event_close(port);
    event_close(other);
}

/* There are as many ports as the ABI has bits, or as the domain may have; the one after the last is refused. */
static void exhaustion(void)
{
    int port, last = 0, count = 0;
    while ((port = event_alloc_unbound(DOMID_SELF)) > 0 && count < MAX_PORTS_2L + 10) {
        last = port;
        count++;
    }
    CHECK_EQ(port, -ENOSPC);
    CHECK(count > 900);
    CHECK_EQ(event_bind_ipi(0), -ENOSPC);
    CHECK_EQ(event_close(last), 0);
    CHECK_EQ(event_bind_ipi(0), last);
    print("evtchn: %d ports, last %d\n", count, last);
}

/* Closes everything, the console's port too: the last thing done. */
static void reset(void)
{
    struct evtchn_reset reset = { .dom = NO_DOMAIN };
    CHECK_EQ(evtchn_op(EVTCHNOP_reset, &reset), -ESRCH);
    reset.dom = 0;
    CHECK(evtchn_op(EVTCHNOP_reset, &reset) < 0);
    console_use_hypercall();
    reset.dom = DOMID_SELF;
    CHECK_EQ(evtchn_op(EVTCHNOP_reset, &reset), 0);
    for (unsigned port = 1; port < 100; port++)
        CHECK_EITHER(state_of(port), EVTCHNSTAT_closed, -EACCES);
    CHECK(event_alloc_unbound(DOMID_SELF) > 0);
}

void guest_main(void)
{
    CHECK(cpu_limit() >= 2);
    bad_pointers_everywhere();
    alloc_unbound();
    interdomain_errors();
    interdomain();
    virqs();
    ipis();
    pirqs();
    bad_ports();
    status_of_others();
    upcalls();
    second_vcpu();
    upcall_vector();
    exhaustion();
    reset();
}
