/* Event channels by the FIFO ABI: control blocks, array pages, priorities, order, and the switch with events pending. */
#include "guest.h"

const char guest_name[] = "fifo";

#define WORDS_PER_PAGE (PAGE_BYTES / sizeof(event_word_t))

static struct evtchn_fifo_control_block *control[2];
static event_word_t *array;                     /* pages side by side in the guest's memory */
static volatile u32 taken[64], taken_count;
static volatile u32 head[2][EVTCHN_FIFO_MAX_QUEUES];

static event_word_t *word(unsigned port) { return &array[port]; }

static bool is_set(unsigned port, unsigned bit) { return __atomic_load_n(word(port), __ATOMIC_SEQ_CST) >> bit & 1; }

static void change(unsigned port, unsigned bit, bool on)
{
    if (on)
        __atomic_fetch_or(word(port), 1u << bit, __ATOMIC_SEQ_CST);
    else
        __atomic_fetch_and(word(port), ~(1u << bit), __ATOMIC_SEQ_CST);
}

/* Takes the first event off a queue: LINKED and the link go away together. */
static u32 unlink_word(event_word_t *w)
{
    u32 old = *w, clean;
    do {
        clean = old & ~((1u << EVTCHN_FIFO_LINKED) | ((1u << EVTCHN_FIFO_LINK_BITS) - 1));
    } while (!__atomic_compare_exchange_n(w, &old, clean, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    return old & ((1u << EVTCHN_FIFO_LINK_BITS) - 1);
}

static void take_one(unsigned cpu, unsigned queue, u32 *ready)
{
    u32 port = head[cpu][queue] ? head[cpu][queue] : __atomic_load_n(&control[cpu]->head[queue], __ATOMIC_SEQ_CST);
    u32 link = unlink_word(word(port));
    if (!link)
        *ready &= ~(1u << queue);
    head[cpu][queue] = link;
    if (!is_set(port, EVTCHN_FIFO_PENDING) || is_set(port, EVTCHN_FIFO_MASKED))
        return;
    change(port, EVTCHN_FIFO_PENDING, false);
    event_count[port]++;
    event_cpu[port] = cpu;
    if (taken_count < ARRAY_SIZE(taken))
        taken[taken_count++] = port;
}

static void scan(void)
{
    unsigned cpu = this_cpu()->index;
    this_cpu()->info->evtchn_upcall_pending = 0;
    u32 ready = __atomic_exchange_n(&control[cpu]->ready, 0, __ATOMIC_SEQ_CST);
    while (ready) {
        take_one(cpu, __builtin_ctz(ready), &ready);
        ready |= __atomic_exchange_n(&control[cpu]->ready, 0, __ATOMIC_SEQ_CST);
    }
}

static long init_control(u64 gfn, u32 offset, u32 vcpu, u8 *link_bits)
{
    struct evtchn_init_control init = { .control_gfn = gfn, .offset = offset, .vcpu = vcpu };
    long result = evtchn_op(EVTCHNOP_init_control, &init);
    if (link_bits)
        *link_bits = init.link_bits;
    return result;
}

static long expand(u64 gfn)
{
    struct evtchn_expand_array e = { .array_gfn = gfn };
    return evtchn_op(EVTCHNOP_expand_array, &e);
}

static long set_priority(u32 port, u32 priority)
{
    struct evtchn_set_priority p = { port, priority };
    return evtchn_op(EVTCHNOP_set_priority, &p);
}

static void errors_before(void)
{
    u64 gfn = gfn_of(control[0]);
    CHECK_EQ(init_control(gfn, 0, 1000, 0), -ENOENT);
    CHECK_EQ(init_control(gfn, PAGE_BYTES - sizeof(*control[0]) + 8, 0, 0), -EINVAL);
    CHECK_EQ(init_control(gfn, ~0u, 0, 0), -EINVAL);
    CHECK_EQ(init_control(gfn, 4, 0, 0), -EINVAL);
    CHECK_EQ(init_control(FREE_GFN, 0, 0, 0), -EINVAL);
    CHECK_EQ(expand(gfn_of(array)), -EOPNOTSUPP);
    unsigned port = event_alloc_unbound(0);
    CHECK_EQ(set_priority(port, EVTCHN_FIFO_PRIORITY_DEFAULT), -ENOSYS);
    event_close(port);
}

/* One event is raised before the switch: it must not be lost. */
static int early_port;
static unsigned early_other;

static void switch_over(void)
{
    u8 link_bits = 0;
    early_port = event_pair(&early_other);
    event_clear(early_other);
    event_send(early_port);
    CHECK_EQ(init_control(gfn_of(control[0]), 0, 0, &link_bits), 0);
    CHECK_EQ(link_bits, EVTCHN_FIFO_LINK_BITS);
    CHECK_EQ(init_control(gfn_of(control[1]), 512, 1, 0), 0);
    control[1] = (void *)((u8 *)control[1] + 512);
    CHECK_EQ(init_control(gfn_of(control[0]), 0, 0, 0), -EINVAL);      /* once for each vCPU */
    CHECK_EQ(expand(FREE_GFN), -EINVAL);
    CHECK_EQ(expand(gfn_of(array)), 0);
    upcall_function = scan;
    irq_enable();
    change(early_other, EVTCHN_FIFO_MASKED, false);
    event_unmask(early_other);
    CHECK(WAIT_FOR(event_count[early_other] == 1, 1000));
    irq_disable();
}

static void delivery(void)
{
    unsigned other;
    int port = event_pair(&other);
    irq_disable();
    change(other, EVTCHN_FIFO_PENDING, false);
    CHECK_EQ(event_send(port), 0);
    CHECK(is_set(other, EVTCHN_FIFO_PENDING));
    irq_enable();
    event_unmask(other);
    CHECK(WAIT_FOR(event_count[other] >= 1, 1000));
    u32 before = event_count[other];
    change(other, EVTCHN_FIFO_MASKED, true);
    CHECK_EQ(event_send(port), 0);
    delay(2 * MS);
    CHECK(is_set(other, EVTCHN_FIFO_PENDING));
    CHECK_EQ(event_count[other], before);
    event_unmask(other);
    CHECK(WAIT_FOR(event_count[other] == before + 1, 1000));
    irq_disable();
    CHECK_EQ(event_close(port), 0);
    CHECK_EQ(event_close(other), 0);
}

/* Raised with interrupts off in the wrong order, taken by priority, within one in the order they came. */
static void priorities(void)
{
    static const u8 wanted[] = { 15, 7, 0, 7, 3 };
    static const u8 order[] = { 2, 4, 1, 3, 0 };
    unsigned other[5];
    int port[5];
    for (unsigned i = 0; i < 5; i++) {
        port[i] = event_pair(&other[i]);
        CHECK_EQ(set_priority(other[i], wanted[i]), 0);
        change(other[i], EVTCHN_FIFO_PENDING, false);
        event_unmask(other[i]);
    }
    irq_enable();
    delay(2 * MS);
    irq_disable();
    taken_count = 0;
    for (unsigned i = 0; i < 5; i++)
        CHECK_EQ(event_send(port[i]), 0);
    irq_enable();
    CHECK(WAIT_FOR(taken_count >= 5, 1000));
    irq_disable();
    CHECK_EQ(taken_count, 5);
    for (unsigned i = 0; i < 5; i++)
        CHECK_EQ(taken[i], other[order[i]]);
    CHECK_EQ(set_priority(other[0], EVTCHN_FIFO_PRIORITY_MIN + 1), -EINVAL);
    CHECK_EQ(set_priority(other[0], ~0u), -EINVAL);
    CHECK_EQ(set_priority(60000, 0), -EINVAL);
    for (unsigned i = 0; i < 5; i++) {
        event_close(port[i]);
        event_close(other[i]);
    }
}

static volatile u32 stop;

static void take_events(void *unused)
{
    (void)unused;
    irq_enable();
    while (!stop)
        cpu_relax();
    irq_disable();
}

static void second_vcpu(void)
{
    int ipi = event_bind_ipi(1);
    if (!CHECK(cpu_start(1)))
        return;
    cpu_run(1, take_events, 0);
    event_unmask(ipi);
    u32 before = event_count[ipi];
    CHECK_EQ(event_send(ipi), 0);
    CHECK(WAIT_FOR(event_count[ipi] == before + 1, 1000));
    CHECK_EQ(event_cpu[ipi], 1);
    stop = 1;
    CHECK(cpu_wait(1, 1000));
    event_close(ipi);
}

/* Ports past the first array page can be had; an event for one waits until its page is there. */
static void second_page(void)
{
    int port = 0;
    for (unsigned i = 0; i < WORDS_PER_PAGE + 8 && port < (int)WORDS_PER_PAGE + 4; i++)
        if ((port = event_bind_ipi(0)) < 0)
            break;
    if (port == -ENOSPC)        /* a domain limited to as many as one page has */
        return;
    CHECK(port >= (int)WORDS_PER_PAGE);
    CHECK_EQ(event_send(port), 0);
    CHECK_EQ(expand(gfn_of(array) + 1), 0);
    irq_enable();
    event_unmask(port);
    CHECK(WAIT_FOR(event_count[port] == 1, 1000));
    u32 before = event_count[port];
    CHECK_EQ(event_send(port), 0);
    CHECK(WAIT_FOR(event_count[port] == before + 1, 1000));
    irq_disable();
}

static void resets(void)
{
    struct evtchn_reset reset = { .dom = DOMID_SELF };
    console_use_hypercall();
    CHECK_EQ(evtchn_op(EVTCHNOP_reset, &reset), 0);
    upcall_function = events_scan;
    CHECK_EQ(expand(gfn_of(array)), -EOPNOTSUPP);       /* back to 2-level */
    unsigned other;
    int port = event_pair(&other);
    event_clear(other);
    event_unmask(other);
    irq_enable();
    u32 before = event_count[other];
    CHECK_EQ(event_send(port), 0);
    CHECK(WAIT_FOR(event_count[other] == before + 1, 1000));
    irq_disable();
}

void guest_main(void)
{
    control[0] = alloc_page();
    control[1] = alloc_page();
    array = alloc_pages(2);
    errors_before();
    switch_over();
    delivery();
    priorities();
    second_vcpu();
    second_page();
    resets();
}
