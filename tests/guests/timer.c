/* Timers and clocks: set_timer_op, singleshot and periodic timers, the paravirtual clock on two vCPUs, wall clock. */
#include "guest.h"

const char guest_name[] = "timer";

#define LATE (1500 * MS)        /* how much later than asked is still well: the machine may be busy */

static int timer;

static long singleshot(u64 deadline, unsigned flags)
{
    struct vcpu_set_singleshot_timer t = { .timeout_abs_ns = deadline, .flags = flags };
    return vcpu_op(VCPUOP_set_singleshot_timer, 0, &t);
}

static long periodic(u64 period)
{
    struct vcpu_set_periodic_timer t = { .period_ns = period };
    return vcpu_op(VCPUOP_set_periodic_timer, 0, &t);
}

static void expect_at(u32 before, u64 deadline)
{
    CHECK(WAIT_FOR(event_count[timer] != before, 3000));
    u64 fired = now();
    CHECK(fired >= deadline);
    CHECK(fired < deadline + LATE);
    CHECK_EQ(event_count[timer], before + 1);
}

static void deadlines(void)
{
    static const unsigned delays[] = { 0, 1, 5, 20, 50 };
    for (unsigned i = 0; i < ARRAY_SIZE(delays); i++) {
        u64 deadline = now() + delays[i] * MS;
        u32 before = event_count[timer];
        CHECK_EQ(set_timer_op(deadline), 0);
        expect_at(before, deadline);
        deadline = now() + delays[i] * MS;
        before = event_count[timer];
        CHECK_EQ(singleshot(deadline, 0), 0);
        expect_at(before, deadline);
    }
}

/* A deadline gone by fires at once; 0 stops; a new one takes the old one's place. */
static void edges(void)
{
    u32 before = event_count[timer];
    CHECK_EQ(set_timer_op(now() - 5 * MS), 0);
    expect_at(before, now() - 6 * MS);
    before = event_count[timer];
    CHECK_EQ(singleshot(now() - 5 * MS, 0), 0);
    expect_at(before, now() - 6 * MS);
    before = event_count[timer];
    CHECK_EITHER(singleshot(now() - 5 * MS, VCPU_SSHOTTMR_future), 0, -ETIME);
    delay(5 * MS);
    before = event_count[timer];
    CHECK_EQ(set_timer_op(now() + 20 * MS), 0);
    CHECK_EQ(set_timer_op(0), 0);
    delay(60 * MS);
    CHECK_EQ(event_count[timer], before);
    CHECK_EQ(singleshot(now() + 20 * MS, 0), 0);
    CHECK_EQ(vcpu_op(VCPUOP_stop_singleshot_timer, 0, 0), 0);
    delay(60 * MS);
    CHECK_EQ(event_count[timer], before);
    u64 second = now() + 60 * MS;
    CHECK_EQ(set_timer_op(now() + 10 * MS), 0);
    CHECK_EQ(set_timer_op(second), 0);
    expect_at(before, second);
    before = event_count[timer];
    CHECK_EQ(set_timer_op(now() + 3600000 * MS), 0);    /* an hour away: not now */
    delay(30 * MS);
    CHECK_EQ(event_count[timer], before);
    CHECK_EQ(set_timer_op(0), 0);
}

static void timer_errors(void)
{
    struct vcpu_set_singleshot_timer t = { .timeout_abs_ns = now() + MS };
    CHECK_EQ(vcpu_op(VCPUOP_set_singleshot_timer, 1, &t), -EINVAL);     /* one's own only */
    CHECK_EQ(vcpu_op(VCPUOP_stop_singleshot_timer, 1, 0), -EINVAL);
    CHECK_EQ(periodic(0), -EINVAL);
    CHECK_EQ(periodic(MS - 1), -EINVAL);
    CHECK_EQ(periodic(~0ull), -EINVAL);
    CHECK_EQ(vcpu_op(VCPUOP_stop_periodic_timer, 0, 0), 0);
    CHECK_EQ(vcpu_op(VCPUOP_stop_periodic_timer, 1, 0), 0);
}

static void periods(void)
{
    u32 before = event_count[timer];
    u64 start = now();
    CHECK_EQ(periodic(5 * MS), 0);
    CHECK(WAIT_FOR(event_count[timer] >= before + 10, 5000));
    u32 ticks = event_count[timer] - before;
    u64 took = now() - start;
    CHECK(ticks <= took / (5 * MS) + 2);
    CHECK_EQ(vcpu_op(VCPUOP_stop_periodic_timer, 0, 0), 0);
    before = event_count[timer];
    delay(50 * MS);
    CHECK_EQ(event_count[timer], before);
}

/* The clock never goes back, whichever vCPU reads it: each reading is compared under a lock with the last of any. */
static struct lock clock_lock;
static u64 last_reading;
static u32 backwards, readings[2];
static volatile u32 stop_reading;

static void read_clock_once(unsigned who)
{
    lock(&clock_lock);
    u64 t = now();
    if (t < last_reading)
        backwards++;
    last_reading = t;
    readings[who]++;
    unlock(&clock_lock);
    for (unsigned i = 0; i < 50; i++)           /* so that the other one gets the lock */
        cpu_relax();
}

static void read_clock(void *unused)
{
    (void)unused;
    while (!stop_reading)
        read_clock_once(1);
}

static void monotonic(void)
{
    if (!CHECK(cpu_start(1)))
        return;
    cpu_run(1, read_clock, 0);
    u64 end = now() + 1000 * MS;
    while (now() < end)
        read_clock_once(0);
    stop_reading = 1;
    CHECK(cpu_wait(1, 3000));
    CHECK_EQ(backwards, 0);
    CHECK(readings[0] > 100);
    CHECK(readings[1] > 100);
}

/* The clock's rate is what CPUID says of the TSC, as far as it says it. */
static void rate(void)
{
    struct cpuid leaf = cpuid(xen_leaf + 3, 0);
    u64 start_tsc = rdtsc(), start = now();
    delay(200 * MS);
    u64 khz = (rdtsc() - start_tsc) * 1000000 / (now() - start);
    CHECK(leaf.ecx > 0);                        /* TSC frequency in kHz */
    CHECK(khz > leaf.ecx / 100 * 98 && khz < leaf.ecx / 100 * 102);
}

static void wall_clock(void)
{
    u32 version = shared_info->wc_version;
    CHECK(!(version & 1));
    CHECK(shared_info->wc_sec > 1700000000u);
    CHECK(shared_info->wc_nsec < 1000000000u);
    CHECK(shared_info->wc_sec + now() / (1000 * MS) < 4102444800u);
}

void guest_main(void)
{
    CHECK(cpu_limit() >= 2);
    timer = event_bind_virq(VIRQ_TIMER, 0);
    CHECK(timer > 0);
    event_unmask(timer);
    irq_enable();
    deadlines();
    edges();
    timer_errors();
    periods();
    monotonic();
    rate();
    wall_clock();
    irq_disable();
}
