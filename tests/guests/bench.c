/*
 * Instructions per operation, as the TSC counts them under QEMU's -icount shift=0. With role=, between two domains: the
 * client measures. Each figure is the mean of RUNS operations with the loop's overhead, which is printed first. With crowd, how long
 * it takes from one vCPU to the next on a CPU that many want, the median of many times.
 */
#include "guest.h"

const char guest_name[] = "bench";

#define RUNS 500
#define WARM_UP 20
#define MAP_ROUNDS 5
#define NOBODY (~0u)

static unsigned own_port, other_port;
static volatile u32 upcalls_seen;

static void measure(const char *name, void (*operation)(void))
{
    for (unsigned i = 0; i < WARM_UP; i++)
        operation();
    u64 start = rdtsc();
    for (unsigned i = 0; i < RUNS; i++)
        operation();
    u64 cycles = rdtsc() - start;
    print("bench %s: %llu\n", name, cycles / RUNS);
    CHECK(cycles > 0);
}

static void nothing(void) { barrier(); }
static void version(void) { xen_version(XENVER_version, 0); }
static void invalid(void) { hypercall0(63); }
static void cpuid_exit(void) { cpuid(0, 0); }
static void yield(void) { sched_op(SCHEDOP_yield, 0); }

/* The least an upcall can do, so that the hypervisor's part is what counts: one port is in use, nothing is searched. */
__attribute__((interrupt)) static void count_upcall(struct interrupt_frame *frame)
{
    struct vcpu_info *info = &shared_info->vcpu_info[0];
    (void)frame;
    info->evtchn_upcall_pending = 0;
    *(volatile xen_ulong_t *)&info->evtchn_pending_sel = 0;
    shared_info->evtchn_pending[0] = 0;
    upcalls_seen++;
}

static void send_masked(void)
{
    event_send(own_port);
    *(volatile xen_ulong_t *)&shared_info->evtchn_pending[0] = 0;
}

static void send_with_upcall(void)
{
    u32 before = upcalls_seen;
    event_send(own_port);
    while (upcalls_seen == before)
        cpu_relax();
}

static void single(void)
{
    measure("overhead", nothing);
    measure("xen_version", version);
    measure("invalid hypercall", invalid);
    measure("cpuid", cpuid_exit);
    measure("sched_op yield", yield);
    own_port = event_pair(&other_port);
    event_clear(other_port);
    measure("event to self, masked", send_masked);
    set_direct_handler(EVENT_VECTOR, count_upcall);
    event_unmask(other_port);
    irq_enable();
    measure("event to self, upcall", send_with_upcall);
    irq_disable();
    use_stub_of(EVENT_VECTOR, EVENT_VECTOR);
    event_mask(other_port);
}

/* Between two vCPUs or two domains, each side halts until the other's event comes. */
static volatile bool stop_partner;
static unsigned ping_port;
static volatile u32 *pongs;

static void wait_for_event(volatile u32 *count, u32 seen)
{
    while (*count == seen && !stop_partner) {
        irq_enable_and_halt();
        irq_disable();
    }
}

static void answer(void *port_to_answer)
{
    unsigned port = (uintptr_t)port_to_answer;
    u32 seen = 0;
    for (;;) {
        wait_for_event(&event_count[ping_port], seen);
        if (stop_partner)
            return;
        seen = event_count[ping_port];
        event_send(port);
    }
}

static void ping(void)
{
    u32 seen = *pongs;
    event_send(ping_port);
    wait_for_event(pongs, seen);
}

static void two_vcpus(void)
{
    int pong = event_bind_ipi(0);
    ping_port = event_bind_ipi(1);
    pongs = &event_count[pong];
    if (!CHECK(cpu_start(1)))
        return;
    event_unmask(pong);
    event_unmask(ping_port);
    cpu_run(1, answer, (void *)(uintptr_t)pong);
    delay(5 * MS);
    measure("ping-pong of two vCPUs", ping);
    stop_partner = true;
    event_send(ping_port);
    CHECK(cpu_wait(1, 1000));
    vcpu_op(VCPUOP_down, 1, 0);
    stop_partner = false;
}

/* One page may be mapped a limited number of times at once, hence the rounds. */
static void map_and_unmap(void)
{
    static u32 handles[RUNS / MAP_ROUNDS];
    u64 mapping = 0, unmapping = 0;
    int failures = 0;
    for (unsigned round = 0; round < MAP_ROUNDS; round++) {
        u64 start = rdtsc();
        for (unsigned i = 0; i < ARRAY_SIZE(handles); i++)
            failures += grant_map(pair_peer, PAIR_REF, GNTMAP_host_map, FREE_GFN + i, &handles[i]) != GNTST_okay;
        u64 middle = rdtsc();
        for (unsigned i = 0; i < ARRAY_SIZE(handles); i++)
            failures += grant_unmap(FREE_GFN + i, handles[i]) != GNTST_okay;
        mapping += middle - start;
        unmapping += rdtsc() - middle;
    }
    CHECK_EQ(failures, 0);
    print("bench grant map: %llu\n", mapping / RUNS);
    print("bench grant unmap: %llu\n", unmapping / RUNS);
}

static void two_domains(void)
{
    pair_start();
    ping_port = pair_port;
    pongs = &upcalls_seen;
    event_clear(pair_port);
    event_unmask(pair_port);
    CHECK(pair_meet(20000));
    set_direct_handler(EVENT_VECTOR, count_upcall);
    if (pair_is_server) {
        u32 seen = 0;
        while (!pair_page->words[0]) {
            wait_for_event(pongs, seen);
            seen = *pongs;
            event_send(pair_port);
        }
        return;
    }
    measure("ping-pong of two domains", ping);
    map_and_unmap();
    pair_page->words[0] = 1;
    event_send(pair_port);
}

/*
 * Many vCPUs on one CPU. At the end of a slice, the time from one's last instruction to the next one's first, as far as their loop of a few
 * instructions sees it; after an event, that from the sender's call to the first instruction of the handler of a vCPU that was blocked.
 */
#define SLICES 24
#define WAKEUPS 512
#define SLEEPER 1

static u64 samples[WAKEUPS];
static volatile unsigned sample_count, samples_wanted;
static volatile bool crowd_goes, crowd_stops, sleeper_waits;
static volatile unsigned runs_now;
static volatile u64 seen_last[MAX_CPUS], sent_at;

static void note(u64 cycles)
{
    unsigned i = __atomic_fetch_add(&sample_count, 1, __ATOMIC_RELAXED);
    if (i < samples_wanted)
        samples[i] = cycles;
    if (i + 1 >= samples_wanted)
        crowd_stops = true;
}

static void compute(void *index)
{
    unsigned me = (uintptr_t)index;
    while (!crowd_goes)
        yield();
    while (!crowd_stops) {
        /* Its slice may end anywhere: what it has read before that is not used after. */
        seen_last[me] = rdtsc();
        unsigned before = runs_now;
        if (before != me) {
            u64 t = rdtsc();
            if (before != NOBODY)
                note(t - seen_last[before]);
            runs_now = me;
        }
    }
}

static void send_when_it_sleeps(void *unused)
{
    (void)unused;
    while (!crowd_goes)
        yield();
    while (!crowd_stops)
        if (sleeper_waits) {
            sleeper_waits = false;
            sent_at = rdtsc();
            event_send(ping_port);
        }
}

__attribute__((interrupt)) static void note_upcall(struct interrupt_frame *frame)
{
    u64 t = rdtsc();
    struct vcpu_info *info = &shared_info->vcpu_info[SLEEPER];
    (void)frame;
    info->evtchn_upcall_pending = 0;
    *(volatile xen_ulong_t *)&info->evtchn_pending_sel = 0;
    shared_info->evtchn_pending[0] = 0;
    note(t - sent_at);
}

static void sleep_again(void *unused)
{
    (void)unused;
    while (!crowd_stops) {
        sleeper_waits = true;
        irq_enable_and_halt();
        irq_disable();
    }
}

static u64 median(unsigned count)
{
    for (unsigned i = 1; i < count; i++)
        for (unsigned j = i; j > 0 && samples[j - 1] > samples[j]; j--) {
            u64 larger = samples[j - 1];
            samples[j - 1] = samples[j];
            samples[j] = larger;
        }
    return samples[count / 2];
}

/* The first vCPU has a part in it as the others have. */
static void crowd_runs(const char *name, unsigned vcpus, unsigned wanted, void (*job)(void *), void (*sleeper)(void *))
{
    crowd_goes = crowd_stops = sleeper_waits = false;
    runs_now = NOBODY;
    sample_count = 0;
    samples_wanted = wanted;
    for (unsigned i = 1; i < vcpus; i++)
        cpu_run(i, i == SLEEPER ? sleeper : job, (void *)(uintptr_t)i);
    yield();
    crowd_goes = true;
    job(0);
    for (unsigned i = 1; i < vcpus; i++)
        while (cpu_area(i)->job)
            yield();
    print("bench %s, %u vCPUs: %llu\n", name, vcpus, median(wanted));
    CHECK(sample_count >= wanted);
}

static unsigned crowd_joins(unsigned from, unsigned to)
{
    static struct vcpu_hvm_context context;
    for (unsigned i = from; i < to; i++) {
        CHECK_EQ(cpu_prepare(i, &context), 0);
        CHECK_EQ(vcpu_op(VCPUOP_up, i, 0), 0);
        while (!cpu_area(i)->online)
            yield();
    }
    return to;
}

static void crowd(void)
{
    static const unsigned sizes[] = { 2, 16, 128 };
    unsigned there = 1;
    ping_port = event_bind_ipi(SLEEPER);
    set_direct_handler(EVENT_VECTOR, note_upcall);
    for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
        if (!CHECK(cpu_limit() >= sizes[i]))
            return;
        there = crowd_joins(there, sizes[i]);
        if (!i)
            event_unmask(ping_port);
        /* The many wake-ups come first, so that the core has seen every vCPU's pages when it counts. */
        crowd_runs("wake-up", there, WAKEUPS, send_when_it_sleeps, sleep_again);
        crowd_runs("end of slice", there, SLICES, compute, compute);
    }
}

void guest_main(void)
{
    if (option("role")) {
        two_domains();
        return;
    }
    if (option("crowd")) {
        crowd();
        return;
    }
    single();
    if (cpu_limit() > 1)
        two_vcpus();
}
