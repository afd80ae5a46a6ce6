/* vcpu_op: bringing vCPUs up and down, vcpu_info, run state and time areas, NMI. Timers are in timer.c. */
#include "guest.h"

const char guest_name[] = "vcpu";

static struct vcpu_hvm_context context;

static void bad_ids_and_pointers(void)
{
    static const unsigned ids[] = { 100, 8192, 0x7fffffff, 0x80000000, ~0u };
    static const u8 readers[] = {
        VCPUOP_initialise, VCPUOP_set_periodic_timer, VCPUOP_set_singleshot_timer, VCPUOP_register_vcpu_info,
        VCPUOP_register_runstate_memory_area, VCPUOP_register_vcpu_time_memory_area, VCPUOP_get_runstate_info,
    };
    for (unsigned i = 0; i < ARRAY_SIZE(ids); i++)
        for (int op = 0; op < 15; op++)
            CHECK_EQ(vcpu_op(op, ids[i], 0), -ENOENT);
    for (unsigned i = 0; i < ARRAY_SIZE(readers); i++) {
        FOR_EACH_BAD_POINTER(p)
            CHECK_EQ(vcpu_op(readers[i], 0, p), -EFAULT);
        CHECK_EQ(vcpu_op(readers[i], 0, bad_pointer_after(2)), -EFAULT);
    }
    for (int op = 14; op < 40; op++)
        CHECK_EQ(vcpu_op(op, 0, 0), -ENOSYS);
    CHECK_EQ(vcpu_op(-1, 0, 0), -ENOSYS);
    u64 physical[2];
    CHECK_EQ(vcpu_op(VCPUOP_get_physid, 0, physical), -EINVAL);
}

static void refuse(struct vcpu_hvm_context *bad)
{
    CHECK_EQ(vcpu_op(VCPUOP_initialise, 1, bad), -EINVAL);
}

/* Contexts that no CPU could have; none of them initialises the vCPU. */
static void bad_contexts(void)
{
    static struct vcpu_hvm_context good, bad;
    good.mode = VCPU_HVM_MODE_32B;
    good.cpu_regs.x86_32 = (struct vcpu_hvm_x86_32){
        .eip = 0x100000, .eflags = 2, .cr0 = 0x11, .cs_limit = ~0u, .ds_limit = ~0u, .ss_limit = ~0u, .es_limit = ~0u,
        .tr_limit = 0x67, .cs_ar = 0xc9b, .ds_ar = 0xc93, .ss_ar = 0xc93, .es_ar = 0xc93, .tr_ar = 0x8b,
    };
#define REFUSE(field, value) (bad = good, bad.field = value, refuse(&bad))
    REFUSE(mode, 2);
    REFUSE(mode, ~0u);
    REFUSE(pad, 1);
    REFUSE(cpu_regs.x86_32.pad1, 1);
    REFUSE(cpu_regs.x86_32.cs_ar, 0);
    REFUSE(cpu_regs.x86_32.cs_ar, 0xc93);       /* data */
    REFUSE(cpu_regs.x86_32.cs_ar, 0xc1b);       /* not present */
    REFUSE(cpu_regs.x86_32.cs_ar, 0xfc9b);      /* bits that do not exist */
    REFUSE(cpu_regs.x86_32.ss_ar, 0xc9b);       /* code */
    REFUSE(cpu_regs.x86_32.ss_ar, 0xc91);       /* not writable */
    REFUSE(cpu_regs.x86_32.tr_ar, 0xc93);
    REFUSE(cpu_regs.x86_32.ds_ar, 0xc99);       /* code that cannot be read */
    REFUSE(cpu_regs.x86_32.cr4, 0x80000000);
    REFUSE(cpu_regs.x86_32.efer, 0x400);        /* LMA without LME */
    REFUSE(cpu_regs.x86_32.efer, 0x10000);
    good.cpu_regs.x86_32.cs_limit = 0xfff;
    REFUSE(cpu_regs.x86_32.cs_ar, 0x49b);       /* EIP past the limit */
    good = (struct vcpu_hvm_context){ .mode = VCPU_HVM_MODE_64B };
    good.cpu_regs.x86_64 = (struct vcpu_hvm_x86_64){
        .rip = 0x100000, .rflags = 2, .cr0 = 0x80000011, .cr4 = 0x20, .efer = 0x100,
    };
    REFUSE(cpu_regs.x86_64.rip, 0x8000000000000000);
    REFUSE(cpu_regs.x86_64.cr0, 0x11);
    REFUSE(cpu_regs.x86_64.cr4, 0);
    REFUSE(cpu_regs.x86_64.efer, 0);
    REFUSE(cpu_regs.x86_64.cr4, 0x80000020);
    CHECK_EQ(vcpu_op(VCPUOP_up, 1, 0), -EINVAL);
    CHECK_EQ(vcpu_op(VCPUOP_is_up, 1, 0), 0);
}

static void up_and_down(void)
{
    CHECK_EQ(vcpu_op(VCPUOP_is_up, 0, 0), 1);
    CHECK_EQ(vcpu_op(VCPUOP_initialise, 0, &context), -EEXIST);
    CHECK_EQ(vcpu_op(VCPUOP_down, 1, 0), 0);            /* it is already */
    CHECK_EQ(cpu_prepare(1, &context), 0);
    CHECK_EQ(vcpu_op(VCPUOP_is_up, 1, 0), 0);
    CHECK(!cpu_area(1)->online);
    CHECK_EQ(vcpu_op(VCPUOP_initialise, 1, &context), -EEXIST);
    CHECK_EQ(vcpu_op(VCPUOP_up, 1, 0), 0);
    CHECK(cpu_wait_online(1));
    CHECK_EQ(vcpu_op(VCPUOP_is_up, 1, 0), 1);
    CHECK_EQ(vcpu_op(VCPUOP_up, 1, 0), 0);
    CHECK_EQ(vcpu_op(VCPUOP_initialise, 1, &context), -EEXIST);
}

static volatile u32 steps;

static void count_steps(void *unused)
{
    (void)unused;
    for (;;) {
        steps++;
        cpu_relax();
    }
}

static volatile u32 stopped, resumed;

static void stop_self(void *unused)
{
    (void)unused;
    stopped = 1;
    vcpu_op(VCPUOP_down, 1, 0);
    resumed = 1;
}

/* A vCPU that is taken down stands still, and goes on from there. */
static void down_and_up_again(void)
{
    cpu_run(1, stop_self, 0);
    CHECK(WAIT_FOR(stopped && !vcpu_op(VCPUOP_is_up, 1, 0), 2000));
    delay(20 * MS);
    CHECK_EQ(resumed, 0);
    CHECK_EQ(vcpu_op(VCPUOP_up, 1, 0), 0);
    CHECK(WAIT_FOR(resumed, 2000));
    CHECK(cpu_wait(1, 2000));
}

static void down_from_outside(void)
{
    cpu_run(1, count_steps, 0);
    CHECK(WAIT_FOR(steps > 100, 2000));
    CHECK_EQ(vcpu_op(VCPUOP_down, 1, 0), 0);
    delay(20 * MS);
    u32 seen = steps;
    delay(50 * MS);
    CHECK_EQ(steps, seen);
    CHECK_EQ(vcpu_op(VCPUOP_up, 1, 0), 0);
    CHECK(WAIT_FOR(steps > seen + 100, 2000));
    for (unsigned i = 0; i < 100; i++) {        /* up again before it has noticed */
        CHECK_EQ(vcpu_op(VCPUOP_down, 1, 0), 0);
        CHECK_EQ(vcpu_op(VCPUOP_is_up, 1, 0), 0);
        CHECK_EQ(vcpu_op(VCPUOP_up, 1, 0), 0);
        CHECK_EQ(vcpu_op(VCPUOP_is_up, 1, 0), 1);
    }
    seen = steps;
    CHECK(WAIT_FOR(steps > seen + 100, 2000));
    CHECK_EQ(vcpu_op(VCPUOP_down, 1, 0), 0);
}

static u64 total(const struct vcpu_runstate_info *r)
{
    return r->time[0] + r->time[1] + r->time[2] + r->time[3];
}

/* All of the time that the area tells of, until now. The vCPU's slice may end while it reads: then it reads again. */
static u64 total_until_now(const struct vcpu_runstate_info *area)
{
    const volatile struct vcpu_runstate_info *live = area;
    u64 entered, sum;
    do {
        entered = live->state_entry_time;
        barrier();
        sum = total(area) + now() - entered;
        barrier();
    } while (live->state_entry_time != entered);
    return sum;
}

static void runstates(void)
{
    static struct vcpu_runstate_info self, later, other, area;
    struct vcpu_register_runstate_memory_area where = { .addr.v = &area };
    CHECK_EQ(vcpu_op(VCPUOP_get_runstate_info, 0, &self), 0);
    CHECK_EQ(self.state, RUNSTATE_running);
    CHECK(self.state_entry_time <= now());
    CHECK(self.time[RUNSTATE_running] > 0);
    delay(20 * MS);
    CHECK_EQ(vcpu_op(VCPUOP_get_runstate_info, 0, &later), 0);
    CHECK(total(&later) >= total(&self) + 20 * MS);
    CHECK(total(&later) <= total(&self) + 5000 * MS);
    CHECK(WAIT_FOR(!vcpu_op(VCPUOP_get_runstate_info, 1, &other) && other.state == RUNSTATE_offline, 1000));
    CHECK_EQ(vcpu_op(VCPUOP_register_runstate_memory_area, 0, &where), 0);
    CHECK_EQ(area.state, RUNSTATE_running);
    CHECK(total_until_now(&area) >= total(&later));
    /* Blocked time is counted as such, and the area is up to date afterwards. */
    u64 blocked = area.time[RUNSTATE_blocked];
    u64 end = now() + 30 * MS, waited = 0;
    while (now() < end) {                       /* a poll may end early */
        struct sched_poll poll = { .timeout = end };
        u64 start = now();
        sched_op(SCHEDOP_poll, &poll);
        waited += now() - start;
    }
    CHECK_EQ(area.state, RUNSTATE_running);
    u64 counted = area.time[RUNSTATE_blocked] - blocked;
    CHECK(counted > 0);
    CHECK(counted <= waited);
    where.addr.v = UNMAPPED_POINTER;            /* accepted; what cannot be written is dropped */
    CHECK_EQ(vcpu_op(VCPUOP_register_runstate_memory_area, 0, &where), 0);
    sched_op(SCHEDOP_yield, 0);
    where.addr.v = &area;
    CHECK_EQ(vcpu_op(VCPUOP_register_runstate_memory_area, 0, &where), 0);
}

static void time_area(void)
{
    static struct vcpu_time_info area;
    struct vcpu_register_time_memory_area where = { .addr.v = &area };
    CHECK_EQ(vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &where), 0);
    CHECK(WAIT_FOR(area.version, 2000));
    CHECK(area.tsc_to_system_mul != 0);
    CHECK(!(area.version & 1));
    u64 a = now(), b = clock_of(&area), c = now();
    CHECK(b >= a - MS && b <= c + MS);
}

static void vcpu_info(void)
{
    struct vcpu_register_vcpu_info where = { .mfn = gfn_of(alloc_page()) };
    struct vcpu_info *info = (void *)(uintptr_t)(where.mfn << PAGE_BITS) + 128;
    where.offset = PAGE_BYTES - sizeof(struct vcpu_info) + 8;
    CHECK_EQ(vcpu_op(VCPUOP_register_vcpu_info, 0, &where), -ENXIO);
    where.offset = 3;
    CHECK_EQ(vcpu_op(VCPUOP_register_vcpu_info, 0, &where), -ENXIO);
    where.offset = ~0u;
    CHECK_EQ(vcpu_op(VCPUOP_register_vcpu_info, 0, &where), -ENXIO);
    where.offset = 128;
    where.mfn = FREE_GFN + 33;
    CHECK_EQ(vcpu_op(VCPUOP_register_vcpu_info, 0, &where), -EINVAL);
    where.mfn = (uintptr_t)info >> PAGE_BITS;
    CHECK_EQ(vcpu_op(VCPUOP_register_vcpu_info, 0, &where), 0);
    CHECK(info->evtchn_upcall_pending);         /* a spurious event, in case one was lost */
    this_cpu()->info = info;
    CHECK(now() > 0);
    CHECK_EQ(vcpu_op(VCPUOP_register_vcpu_info, 0, &where), -EINVAL);   /* once only */
    unsigned other;
    int port = event_pair(&other);
    event_clear(other);
    info->evtchn_pending_sel = 0;
    info->evtchn_upcall_pending = 0;
    shared_info->vcpu_info[0].evtchn_upcall_pending = 0;
    event_unmask(other);
    event_send(port);
    CHECK(info->evtchn_upcall_pending);
    CHECK(!shared_info->vcpu_info[0].evtchn_upcall_pending);
    irq_enable();
    CHECK(WAIT_FOR(event_count[other], 1000));
    irq_disable();
    event_close(other);
    event_close(port);
}

static volatile u32 nmis;

static void count_nmi(struct trap_frame *frame)
{
    (void)frame;
    nmis++;
}

static void nmi(void)
{
    set_handler(VECTOR_NMI, count_nmi);
    CHECK_EQ(vcpu_op(VCPUOP_send_nmi, 0, (void *)8), -EINVAL);
    CHECK_EQ(vcpu_op(VCPUOP_send_nmi, 0, 0), 0);
    CHECK(WAIT_FOR(nmis == 1, 1000));
    CHECK_EQ(vcpu_op(VCPUOP_send_nmi, 0, 0), 0);        /* and again, once the first has returned */
    CHECK(WAIT_FOR(nmis == 2, 1000));
}

#ifdef __x86_64__
/* A vCPU that starts in 64-bit mode, with the registers it was given. */
static volatile unsigned long started_with[4];

static void started(void)
{
    asm volatile("mov %%rbx, %0\n\tmov %%rsi, %1\n\tmov %%r8, %2"
                 : "=m"(started_with[0]), "=m"(started_with[1]), "=m"(started_with[2]));
    started_with[3] = 1;
    for (;;)
        cpu_relax();
}

static void long_mode_start(void)
{
    static u8 stack[1024] __attribute__((aligned(16)));
    static struct vcpu_hvm_context c = { .mode = VCPU_HVM_MODE_64B };
    c.cpu_regs.x86_64 = (struct vcpu_hvm_x86_64){
        .rip = (uintptr_t)started, .rsp = (uintptr_t)stack + sizeof(stack) - 8, .rbx = 0x1111222233334444,
        .rsi = 0x5555666677778888, .rflags = 2, .cr0 = read_cr0(), .cr3 = read_cr3(), .cr4 = read_cr4(), .efer = 0x500,
    };
    CHECK_EQ(vcpu_op(VCPUOP_initialise, 2, &c), 0);
    CHECK_EQ(vcpu_op(VCPUOP_up, 2, 0), 0);
    CHECK(WAIT_FOR(started_with[3], 2000));
    CHECK_EQ(started_with[0], 0x1111222233334444);
    CHECK_EQ(started_with[1], 0x5555666677778888);
    CHECK_EQ(vcpu_op(VCPUOP_down, 2, 0), 0);
}
#else
static void long_mode_start(void) {}
#endif

void guest_main(void)
{
    CHECK(cpu_limit() >= 3);
    bad_ids_and_pointers();
    bad_contexts();
    up_and_down();
    down_and_up_again();
    down_from_outside();
    runstates();
    time_area();
    vcpu_info();
    nmi();
    long_mode_start();
}
