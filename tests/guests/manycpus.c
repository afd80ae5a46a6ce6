/* Every vCPU the domain has is started, keeps time, gets events of its own and goes down: also those past the 32nd. */
#include "guest.h"

const char guest_name[] = "manycpus";

static volatile u32 running, stop;
static int port[MAX_CPUS];
static volatile u32 wrong_clock, wrong_id;

static void live(void *unused)
{
    struct cpu *cpu = this_cpu();
    (void)unused;
    if (cpuid(xen_leaf + 4, 0).ebx != cpu->index)
        __atomic_fetch_add(&wrong_id, 1, __ATOMIC_RELAXED);
    u64 last = now();
    __atomic_fetch_add(&running, 1, __ATOMIC_SEQ_CST);
    irq_enable();
    while (!stop) {
        u64 t = now();
        if (t < last)
            __atomic_fetch_add(&wrong_clock, 1, __ATOMIC_RELAXED);
        last = t;
        irq_disable();
        if (!stop && !cpu->info->evtchn_upcall_pending)
            irq_enable_and_halt();
        irq_enable();
    }
    irq_disable();
}

static void start_all(unsigned count)
{
    for (unsigned i = 1; i < count; i++) {
        port[i] = event_bind_ipi(i);
        CHECK(port[i] > 0);
        event_unmask(port[i]);
        if (CHECK(i % 2 ? cpu_start(i) : cpu_start_by_sipi(i)))
            cpu_run(i, live, 0);
    }
    CHECK(WAIT_FOR(running == count - 1, 20000));
}

static void wake_all(unsigned count)
{
    for (unsigned round = 1; round <= 3; round++)
        for (unsigned i = 1; i < count; i++) {
            CHECK_EQ(event_send(port[i]), 0);
            CHECK(WAIT_FOR(event_count[port[i]] >= round, 5000));
            CHECK_EQ(event_cpu[port[i]], i);
        }
}

void guest_main(void)
{
    unsigned count = cpu_limit();
    CHECK(count >= 2);
    CHECK_EQ(vcpu_op(VCPUOP_is_up, count, 0), -ENOENT);
    start_all(count);
    wake_all(count);
    stop = 1;
    for (unsigned i = 1; i < count; i++) {
        event_send(port[i]);
        CHECK(cpu_wait(i, 5000));
        CHECK_EQ(vcpu_op(VCPUOP_down, i, 0), 0);
        CHECK_EQ(vcpu_op(VCPUOP_is_up, i, 0), 0);
    }
    CHECK_EQ(wrong_clock, 0);
    CHECK_EQ(wrong_id, 0);
    print("manycpus: %u vCPUs\n", count);
}
