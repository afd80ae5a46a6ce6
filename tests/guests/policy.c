/*
 * How a policy reads and sets what the dispatcher goes by. Without privileges all is refused. role=policy (privileges info and control;
 * domain 1) sets the rules of the domains 2 to 4 on its own CPU, which have role=load and compute until it ends them. It measures what each
 * of them gets by weights, caps, budgets, slots of a table. seconds= is how long each measurement takes.
 */
#include "guest.h"

const char guest_name[] = "policy";

#define SERVICE_OP 48
#define READ_SCHEDULING 11
#define APPLY_SCHEDULING 12
#define READ_SLICES 13
#define ESTALE 116
#define EVERYWHERE (~0ull)
#define NONE (~0u)
#define FIRST_LOAD 2
#define LOADS 3
#define MOST_VCPUS 32
#define RUNNING 1
#define READY 2
#define BLOCKED 3
#define STRICT 1
#define NOBODY 2

struct rules { u64 budget, period, limit; u32 weight, band; u64 affinity; };
struct state {
    u32 domain, vcpu; u64 generation; u32 cpu, where, flags, pad;
    struct rules rules;
    u64 effective, pin, ran, waited, wakeups, migrations, worst_wait; u32 latency[8];
};
struct read { u32 first, capacity, count, cpus; u64 generation, now, buffer; };
struct context { u32 domain, vcpu; u64 generation; struct rules rules; };
struct slot { u32 cpu, flags, domain, vcpu; u64 generation, length; };
struct transaction { u64 base, generation; u32 contexts, slots; u64 context_array, slot_array; u32 failed, flags; };

struct slice { u64 start, end, waited; u16 domain, vcpu; u32 next; };
struct slice_read { u32 cpu, capacity, count, pad; u64 first, lost, now, buffer; };

static struct slice slices[64];
static struct slice_read run;
static struct state states[MOST_VCPUS];
static struct context contexts[LOADS];
static struct slot slots[LOADS + 2];
static struct read what;
static struct transaction wanted;
static unsigned cpu;

/* In as many pieces as the core makes of it. */
static long read_all(void)
{
    u32 count = 0;
    what.first = 0;
    do {
        what.capacity = MOST_VCPUS - count;
        what.buffer = (uintptr_t)(states + count);
        long error = hypercall2(SERVICE_OP, READ_SCHEDULING, &what);
        if (error)
            return error;
        count += what.count;
    } while (what.first);
    what.count = count;
    return 0;
}

/* The last of the loads has started, so that all have. */
static bool are_loads_there(void)
{
    CHECK_EQ(read_all(), 0);
    for (unsigned i = 0; i < what.count; i++)
        if (states[i].domain == FIRST_LOAD + LOADS - 1 && (states[i].where == RUNNING || states[i].where == READY))
            return true;
    return false;
}

static struct state *state_of(unsigned domain)
{
    for (unsigned i = 0; i < what.count; i++)
        if (states[i].domain == domain && !states[i].vcpu)
            return &states[i];
    fatal("domain %u is not there", domain);
}

static long apply(unsigned context_count, unsigned slot_count)
{
    wanted = (struct transaction){
        .base = what.generation, .contexts = context_count, .slots = slot_count,
        .context_array = (uintptr_t)contexts, .slot_array = (uintptr_t)slots,
    };
    return hypercall2(SERVICE_OP, APPLY_SCHEDULING, &wanted);
}

static long read_slices(u64 first)
{
    run = (struct slice_read){ .cpu = cpu, .capacity = 64, .first = first, .buffer = (uintptr_t)slices };
    return hypercall2(SERVICE_OP, READ_SLICES, &run);
}

static void refused(void)
{
    CHECK_EQ(read_slices(0), -EPERM);
    CHECK_EQ(read_all(), -EPERM);
    CHECK_EQ(apply(0, 0), -EPERM);
}

/* The rules of all loads: nothing but the policy's own CPU. */
static void set_plain(void)
{
    CHECK_EQ(read_all(), 0);
    for (unsigned i = 0; i < LOADS; i++)
        contexts[i] = (struct context){
            .domain = FIRST_LOAD + i, .generation = state_of(FIRST_LOAD + i)->generation,
            .rules = { .weight = 256, .affinity = 1ull << cpu },
        };
}

static void changed(u64 *ran)
{
    for (unsigned i = 0; i < LOADS; i++)
        ran[i] = state_of(FIRST_LOAD + i)->ran;
}

/* What each load has of the CPU while the policy sleeps, in parts of ten thousand. */
static void measure(const char *name, u32 *shares)
{
    u64 before[LOADS], after[LOADS], start, time = option_number("seconds", 10) * 1000 * MS;
    CHECK_EQ(read_all(), 0);
    changed(before);
    start = what.now;
    set_timer_op(now() + time);
    while (now() < start + time) {
        irq_enable_and_halt();
        irq_disable();
    }
    CHECK_EQ(read_all(), 0);
    changed(after);
    for (unsigned i = 0; i < LOADS; i++)
        shares[i] = (after[i] - before[i]) * 10000 / (what.now - start);
    print("share %s: %u %u %u\n", name, shares[0], shares[1], shares[2]);
}

static bool is_near(u32 got, u32 want, u32 percent)
{
    u32 apart = got > want ? got - want : want - got;
    return apart * 100 <= want * percent;
}

static void weights(void)
{
    u32 shares[LOADS];
    set_plain();
    for (unsigned i = 0; i < LOADS; i++)
        contexts[i].rules.weight = 256 << i;
    CHECK_EQ(apply(LOADS, 0), 0);
    CHECK_EQ(wanted.generation, what.generation + 1);
    CHECK_EQ(apply(LOADS, 0), -ESTALE);
    measure("weights 1 2 4", shares);
    CHECK(is_near(shares[1] * 100 / shares[0], 200, 3));
    CHECK(is_near(shares[2] * 100 / shares[0], 400, 3));
}

static void caps(void)
{
    u32 shares[LOADS];
    set_plain();
    contexts[0].rules.limit = 1 * MS;
    contexts[0].rules.period = 10 * MS;
    contexts[1].rules.limit = 5 * MS / 2;
    contexts[1].rules.period = 10 * MS;
    contexts[2].rules.limit = 5 * MS;
    contexts[2].rules.period = 10 * MS;
    CHECK_EQ(apply(LOADS, 0), 0);
    measure("caps 10 25 50", shares);
    CHECK(is_near(shares[0], 1000, 2));
    CHECK(is_near(shares[1], 2500, 2));
    CHECK(is_near(shares[2], 5000, 2));
}

static void budgets(void)
{
    u32 shares[LOADS];
    set_plain();
    contexts[0].rules.budget = 4 * MS;
    contexts[0].rules.period = 10 * MS;
    contexts[1].rules.budget = contexts[1].rules.limit = 15 * MS;
    contexts[1].rules.period = 50 * MS;
    contexts[2].rules.weight = 65535;
    CHECK_EQ(apply(LOADS, 0), 0);
    measure("budgets 40 30", shares);
    CHECK(shares[0] >= 3990);
    CHECK(is_near(shares[1], 3000, 2));
    CHECK(shares[2] > 2500);
    contexts[2].rules = (struct rules){ .budget = 2 * MS, .period = 10 * MS, .weight = 1, .affinity = 1ull << cpu };
    CHECK_EQ(read_all(), 0);
    CHECK_EQ(apply(LOADS, 0), -EBUSY);
    CHECK_EQ(wanted.failed, 2);
}

static void table(void)
{
    u32 shares[LOADS];
    set_plain();
    for (unsigned i = 0; i < 2; i++)
        slots[i] = (struct slot){ cpu, STRICT, FIRST_LOAD + i, 0, contexts[i].generation, (3 - i) * MS };
    slots[2] = (struct slot){ .cpu = cpu, .flags = NOBODY, .length = 5 * MS };
    CHECK_EQ(apply(LOADS, 3), 0);
    measure("slots 30 20 and the rest", shares);
    CHECK(is_near(shares[0], 3000, 1));
    CHECK(is_near(shares[1], 2000, 1));
    CHECK(is_near(shares[2], 5000, 2));
    slots[0] = (struct slot){ .cpu = cpu };
    CHECK_EQ(read_all(), 0);
    CHECK_EQ(apply(0, 1), 0);
}

/* Who ran on this CPU: slices follow each other, the policy's end when it sleeps, and all of them together are what the loads had. */
static void slices_kept(void)
{
    u64 first = 0, end = 0, ran[LOADS] = { 0 }, before[LOADS], after[LOADS], slept = 0, start;
    CHECK_EQ(sizeof(struct slice), 32);
    do {
        CHECK_EQ(read_slices(first), 0);
        first = run.first;
    } while (run.count);
    start = now();
    CHECK_EQ(read_all(), 0);
    changed(before);
    for (unsigned i = 0; i < 20; i++) {
        set_timer_op(now() + 20 * MS);
        irq_enable_and_halt();
        irq_disable();
    }
    CHECK_EQ(read_all(), 0);
    changed(after);
    do {
        CHECK_EQ(read_slices(first), 0);
        CHECK_EQ(run.lost, 0);
        for (unsigned i = 0; i < run.count; i++) {
            CHECK(slices[i].end >= slices[i].start && slices[i].start >= end);
            CHECK(slices[i].end <= run.now);
            end = slices[i].end;
            if (slices[i].start < start)
                continue;
            if (slices[i].domain >= FIRST_LOAD)
                ran[slices[i].domain - FIRST_LOAD] += end - slices[i].start;
            else
                slept += slices[i].next == BLOCKED && slices[i].waited < 1000 * MS;
        }
        first = run.first;
    } while (run.count);
    CHECK(slept >= 19);
    for (unsigned i = 0; i < LOADS; i++)
        CHECK(is_near(ran[i] / 1000, (after[i] - before[i]) / 1000, 20));
}

static void errors(void)
{
    set_plain();
    contexts[1].rules.weight = 0;
    CHECK_EQ(apply(LOADS, 0), -EINVAL);
    CHECK_EQ(wanted.failed, 1);
    CHECK_EQ(wanted.generation, what.generation);
    contexts[1] = (struct context){ .domain = 1, .generation = state_of(1)->generation, .rules = { .weight = 1, .affinity = 1ull << cpu } };
    CHECK_EQ(apply(LOADS, 0), -EPERM);
    contexts[1].generation++;
    CHECK_EQ(apply(LOADS, 0), -ESRCH);
    CHECK_EQ(apply(100000, 0), -E2BIG);
    CHECK_EQ(apply(0, 100000), -E2BIG);
    FOR_EACH_BAD_POINTER(p) {
        CHECK_EQ(hypercall2(SERVICE_OP, READ_SCHEDULING, p), -EFAULT);
        CHECK_EQ(hypercall2(SERVICE_OP, APPLY_SCHEDULING, p), -EFAULT);
        CHECK_EQ(hypercall2(SERVICE_OP, READ_SLICES, p), -EFAULT);
        what.buffer = wanted.context_array = wanted.slot_array = (uintptr_t)p;
        what.first = 0;
        CHECK_EQ(hypercall2(SERVICE_OP, READ_SCHEDULING, &what), -EFAULT);
        wanted.contexts = 1;
        wanted.slots = wanted.flags = 0;
        CHECK_EQ(hypercall2(SERVICE_OP, APPLY_SCHEDULING, &wanted), -EFAULT);
    }
    cpu += 4096;
    CHECK_EQ(read_slices(0), -EINVAL);
    cpu -= 4096;
    CHECK_EQ(read_all(), 0);
    CHECK_EQ(state_of(FIRST_LOAD)->rules.weight, 256);
}

static void be_policy(void)
{
    /* What it sleeps for. */
    int timer = event_bind_virq(VIRQ_TIMER, 0);
    event_unmask(timer);
    CHECK(WAIT_FOR(are_loads_there(), 60000));
    cpu = state_of(1)->cpu;
    CHECK_EQ(state_of(1)->flags, 1);
    CHECK_EQ(sizeof(struct state), 160);
    weights();
    caps();
    budgets();
    table();
    slices_kept();
    errors();
    CHECK(state_of(1)->wakeups > 3);
    CHECK(state_of(1)->worst_wait < 1000 * MS);
    for (unsigned i = 0; i < LOADS; i++) {
        struct sched_remote_shutdown end = { FIRST_LOAD + i, SHUTDOWN_poweroff };
        CHECK_EQ(sched_op(SCHEDOP_remote_shutdown, &end), 0);
    }
}

void guest_main(void)
{
    if (option_is("role", "policy")) {
        be_policy();
    } else if (option_is("role", "load")) {
        for (;;)
            barrier();      /* no PAUSE, by which it would yield */
    } else {
        refused();
    }
}
