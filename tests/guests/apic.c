/* The local APIC as xAPIC and as x2APIC: registers, IPIs, priorities, NMI, INIT and SIPI, the timer. */
#include "guest.h"

const char guest_name[] = "apic";

#define X2_MSR(reg) (0x800 + (reg) / 16)
#define LOW_VECTOR 0x51
#define HIGH_VECTOR 0x81
#define TIMER_VECTOR 0x91

static volatile u32 taken[256];
static volatile u8 order[8], taken_by[256];
static volatile u32 order_count;
static volatile u32 isr_seen, nmis[4];

static void count_vector(struct trap_frame *frame)
{
    u8 vector = frame->vector;
    taken[vector]++;
    taken_by[vector] = this_cpu()->index;
    isr_seen = apic_read(APIC_ISR + vector / 32 * 16) >> vector % 32 & 1;
    if (order_count < ARRAY_SIZE(order))
        order[order_count++] = vector;
    apic_eoi();
}

static void count_nmi(struct trap_frame *frame)
{
    (void)frame;
    nmis[this_cpu()->index & 3]++;
}

static u32 own_id(void)
{
    u32 id = apic_read(APIC_ID);
    return apic_is_x2() ? id : id >> 24;
}

static void registers(void)
{
    CHECK_EQ(own_id(), apic_id_of(0));
    CHECK_EQ(apic_read(APIC_VERSION) & 0xf0, 0x10);
    CHECK((apic_read(APIC_VERSION) >> 16 & 0xff) >= 4);
    apic_start();
    CHECK_EQ(apic_read(APIC_SVR) & 0x1ff, 0x1ff);
    apic_write(APIC_TPR, 0x40);
    CHECK_EQ(apic_read(APIC_TPR), 0x40);
    CHECK_EQ(apic_read(APIC_PPR), 0x40);
    apic_write(APIC_TPR, 0);
    CHECK_EQ(apic_read(APIC_PPR), 0);
    static const u16 lvts[] = { APIC_LVT_TIMER, APIC_LVT_PERF, APIC_LVT_LINT0, APIC_LVT_LINT1, APIC_LVT_ERROR };
    for (unsigned i = 0; i < ARRAY_SIZE(lvts); i++) {
        apic_write(lvts[i], 0x10000 | TIMER_VECTOR);
        CHECK_EQ(apic_read(lvts[i]), 0x10000 | TIMER_VECTOR);
    }
    apic_write(APIC_TIMER_DIVIDE, 0xb);
    CHECK_EQ(apic_read(APIC_TIMER_DIVIDE), 0xb);
    apic_write(APIC_ESR, 0);
    CHECK_EQ(apic_read(APIC_ESR), 0);
    for (unsigned reg = APIC_ISR; reg < APIC_ISR + 0x80; reg += 16)
        CHECK_EQ(apic_read(reg), 0);
}

static void x2_faults(void)
{
    unsigned long long value;
    CHECK_EQ(apic_read(APIC_LDR), (own_id() >> 4) << 16 | 1u << (own_id() & 15));
    CHECK_EQ(write_msr_safe(X2_MSR(APIC_ID), 0), VECTOR_GP);
    CHECK_EQ(write_msr_safe(X2_MSR(APIC_VERSION), 0), VECTOR_GP);
    CHECK_EQ(write_msr_safe(X2_MSR(APIC_LDR), 0), VECTOR_GP);
    CHECK_EQ(write_msr_safe(X2_MSR(APIC_PPR), 0), VECTOR_GP);
    CHECK_EQ(write_msr_safe(X2_MSR(APIC_EOI), 1), VECTOR_GP);
    CHECK_EQ(write_msr_safe(X2_MSR(APIC_TPR), 0x100), VECTOR_GP);
    CHECK_EQ(write_msr_safe(X2_MSR(APIC_ISR), 0), VECTOR_GP);
    CHECK_EQ(write_msr_safe(X2_MSR(APIC_IRR), 0), VECTOR_GP);
    CHECK_EQ(write_msr_safe(X2_MSR(APIC_TIMER_CURRENT), 0), VECTOR_GP);
    CHECK_EQ(read_msr_safe(X2_MSR(APIC_EOI), &value), VECTOR_GP);
    CHECK_EQ(read_msr_safe(X2_MSR(APIC_SELF_IPI), &value), VECTOR_GP);
    CHECK_EQ(read_msr_safe(X2_MSR(APIC_DFR), &value), VECTOR_GP);
    CHECK_EQ(read_msr_safe(X2_MSR(APIC_ICR2), &value), VECTOR_GP);
    CHECK_EQ(read_msr_safe(0x801, &value), VECTOR_GP);
    CHECK_EQ(read_msr_safe(0x8ff, &value), VECTOR_GP);
    CHECK_EQ(read_msr_safe(X2_MSR(APIC_ICR), &value), NO_TRAP);
}

static void x_mmio(void)
{
    CHECK_EQ(apic_read(APIC_ID) & 0xffffff, 0);
    apic_write(APIC_DFR, 0xffffffff);
    CHECK_EQ(apic_read(APIC_DFR), 0xffffffff);
    apic_write(APIC_LDR, 0x02000000);
    CHECK_EQ(apic_read(APIC_LDR), 0x02000000);
    apic_write(APIC_ICR2, 0x05000000);
    CHECK_EQ(apic_read(APIC_ICR2), 0x05000000);
    /* Other ways to say it: each has its own instruction to decode. */
    volatile u32 *tpr = (volatile u32 *)(0xfee00000ul + APIC_TPR);
    u32 value;
    *tpr = 0x20;
    asm volatile("movl (%1), %%ecx\n\tmovl %%ecx, %0" : "=r"(value) : "r"(tpr) : "ecx", "memory");
    CHECK_EQ(value, 0x20);
    asm volatile("movl $0x30, (%0)" :: "r"(tpr) : "memory");
    asm volatile("movl 0xfee00080, %0" : "=a"(value));
    CHECK_EQ(value, 0x30);
    asm volatile("mov %0, %%edi\n\tmovl %%edi, 8(%1)" :: "r"(0x40), "r"((char *)tpr - 8) : "edi", "memory");
    asm volatile("movl (%1,%2,4), %0" : "=r"(value) : "r"((char *)tpr - 64), "r"(16ul));
    CHECK_EQ(value, 0x40);
#ifdef __x86_64__
    register u32 r9 asm("r9");
    asm volatile("movl (%1), %0" : "=r"(r9) : "r"(tpr));
    CHECK_EQ(r9, 0x40);
#endif
    *tpr = 0;
}

static void send_and_expect(u32 destination, u32 command)
{
    u8 vector = command;
    u32 before = taken[vector];
    apic_send(destination, command);
    CHECK(WAIT_FOR(taken[vector] == before + 1, 1000));
    CHECK_EQ(isr_seen, 1);
}

static void self_ipis(void)
{
    irq_enable();
    send_and_expect(own_id(), LOW_VECTOR | ICR_ASSERT);
    send_and_expect(0, LOW_VECTOR | ICR_SELF | ICR_ASSERT);
    send_and_expect(0, LOW_VECTOR | ICR_SELF);
    if (apic_is_x2()) {
        u32 before = taken[HIGH_VECTOR];
        apic_write(APIC_SELF_IPI, HIGH_VECTOR);
        CHECK(WAIT_FOR(taken[HIGH_VECTOR] == before + 1, 1000));
    }
    irq_disable();
}

/* Held back by IF they come highest first; the same vector twice comes once; TPR holds a class back. */
static void priorities(void)
{
    order_count = 0;
    u32 low = taken[LOW_VECTOR];
    apic_send(0, LOW_VECTOR | ICR_SELF);
    apic_send(0, HIGH_VECTOR | ICR_SELF);
    apic_send(0, LOW_VECTOR | ICR_SELF);
    CHECK(apic_read(APIC_IRR + LOW_VECTOR / 32 * 16) & 1u << LOW_VECTOR % 32);
    CHECK(apic_read(APIC_IRR + HIGH_VECTOR / 32 * 16) & 1u << HIGH_VECTOR % 32);
    irq_enable();
    CHECK(WAIT_FOR(taken[LOW_VECTOR] == low + 1, 1000));
    delay(5 * MS);
    irq_disable();
    CHECK_EQ(order_count, 2);
    CHECK_EQ(order[0], HIGH_VECTOR);
    CHECK_EQ(order[1], LOW_VECTOR);
    CHECK_EQ(taken[LOW_VECTOR], low + 1);
    u32 high = taken[HIGH_VECTOR];
    apic_write(APIC_TPR, 0x60);
    irq_enable();
    apic_send(0, LOW_VECTOR | ICR_SELF);
    apic_send(0, HIGH_VECTOR | ICR_SELF);
    CHECK(WAIT_FOR(taken[HIGH_VECTOR] == high + 1, 1000));
    CHECK_EQ(taken[LOW_VECTOR], low + 1);
    apic_write(APIC_TPR, 0);
    CHECK(WAIT_FOR(taken[LOW_VECTOR] == low + 2, 1000));
    irq_disable();
}

#ifdef __x86_64__
/* CR8 is the TPR by another name. */
static void cr8(void)
{
    unsigned long value;
    asm volatile("mov %0, %%cr8" :: "r"(5ul));
    CHECK_EQ(apic_read(APIC_TPR), 0x50);
    apic_write(APIC_TPR, 0x70);
    asm volatile("mov %%cr8, %0" : "=r"(value));
    CHECK_EQ(value, 7);
    if (on_xen())       /* QEMU 7.2 aborts on a CR8 write that is not intercepted while a virtual interrupt waits */
        return apic_write(APIC_TPR, 0);
    u32 before = taken[LOW_VECTOR];
    irq_enable();
    apic_send(0, LOW_VECTOR | ICR_SELF);
    delay(2 * MS);
    CHECK_EQ(taken[LOW_VECTOR], before);
    asm volatile("mov %0, %%cr8" :: "r"(0ul));
    CHECK(WAIT_FOR(taken[LOW_VECTOR] == before + 1, 1000));
    irq_disable();
}
#else
static void cr8(void) {}
#endif

static volatile u32 partner_stop;

static void take_interrupts(void *unused)
{
    (void)unused;
    if (!apic_is_x2() && cpu_area(0)->job_argument)
        apic_enable_x2();
    apic_start();
    partner_stop = 0;
    irq_enable();
    while (!partner_stop)
        cpu_relax();
    irq_disable();
}

static void cross_ipis(void)
{
    u32 other = apic_id_of(1);
    cpu_area(0)->job_argument = (void *)(uintptr_t)apic_is_x2();
    partner_stop = 1;
    cpu_run(1, take_interrupts, 0);
    CHECK(WAIT_FOR(!partner_stop, 1000));
    send_and_expect(other, LOW_VECTOR);
    CHECK_EQ(taken_by[LOW_VECTOR], 1);
    send_and_expect(0, LOW_VECTOR | ICR_OTHERS);
    CHECK_EQ(taken_by[LOW_VECTOR], 1);
    u32 before = taken[LOW_VECTOR];
    irq_enable();
    apic_send(0, LOW_VECTOR | ICR_ALL);
    CHECK(WAIT_FOR(taken[LOW_VECTOR] == before + 2, 1000));
    irq_disable();
    if (apic_is_x2())                           /* logical: cluster in the upper half, one bit each below */
        send_and_expect((other >> 4) << 16 | 1u << (other & 15), LOW_VECTOR | 0x800);
    u32 nmi = nmis[1];
    apic_send(other, ICR_NMI);
    CHECK(WAIT_FOR(nmis[1] == nmi + 1, 1000));
    nmi = nmis[0];
    apic_send(own_id(), ICR_NMI);
    CHECK(WAIT_FOR(nmis[0] == nmi + 1, 1000));
    before = taken[LOW_VECTOR];
    apic_send(0x7777 & (apic_is_x2() ? ~0u : 0xff), LOW_VECTOR);    /* nobody */
    delay(5 * MS);
    CHECK_EQ(taken[LOW_VECTOR], before);
    partner_stop = 1;
    CHECK(cpu_wait(1, 1000));
}

static void timer_oneshot(void)
{
    apic_write(APIC_TIMER_DIVIDE, 0x3);         /* by 16 */
    apic_write(APIC_LVT_TIMER, TIMER_VECTOR);
    u32 before = taken[TIMER_VECTOR];
    irq_enable();
    apic_write(APIC_TIMER_COUNT, 50000);
    CHECK(apic_read(APIC_TIMER_CURRENT) <= 50000);
    CHECK(WAIT_FOR(taken[TIMER_VECTOR] == before + 1, 3000));
    delay(30 * MS);
    CHECK_EQ(taken[TIMER_VECTOR], before + 1);
    CHECK_EQ(apic_read(APIC_TIMER_CURRENT), 0);
    apic_write(APIC_TIMER_COUNT, 0xffffffff);
    u32 first = apic_read(APIC_TIMER_CURRENT);
    delay(MS);
    CHECK(apic_read(APIC_TIMER_CURRENT) < first);
    apic_write(APIC_TIMER_COUNT, 0);            /* stops it */
    apic_write(APIC_LVT_TIMER, 0x10000 | TIMER_VECTOR);
    apic_write(APIC_TIMER_COUNT, 10000);
    delay(20 * MS);
    CHECK_EQ(taken[TIMER_VECTOR], before + 1);  /* masked */
    irq_disable();
}

static void timer_periodic(void)
{
    u32 before = taken[TIMER_VECTOR];
    apic_write(APIC_LVT_TIMER, 0x20000 | TIMER_VECTOR);
    irq_enable();
    apic_write(APIC_TIMER_COUNT, 50000);
    CHECK(WAIT_FOR(taken[TIMER_VECTOR] >= before + 5, 5000));
    apic_write(APIC_TIMER_COUNT, 0);
    delay(20 * MS);
    before = taken[TIMER_VECTOR];
    delay(50 * MS);
    CHECK_EQ(taken[TIMER_VECTOR], before);
    irq_disable();
}

static void timer_deadline(void)
{
    if (!(cpuid(1, 0).ecx & 1u << 24))
        return;
    u32 before = taken[TIMER_VECTOR];
    apic_write(APIC_LVT_TIMER, 0x40000 | TIMER_VECTOR);
    irq_enable();
    u64 deadline = rdtsc() + 20000000;
    write_msr(0x6e0, deadline);
    CHECK(WAIT_FOR(taken[TIMER_VECTOR] == before + 1, 3000));
    CHECK(rdtsc() >= deadline);
    CHECK_EQ(read_msr(0x6e0), 0);
    irq_disable();
    apic_write(APIC_LVT_TIMER, 0x10000);
}

static void halted_wakes(void)
{
    apic_write(APIC_LVT_TIMER, TIMER_VECTOR);
    for (unsigned i = 0; i < 5; i++) {
        u32 before = taken[TIMER_VECTOR];
        apic_write(APIC_TIMER_COUNT, 20000);
        while (taken[TIMER_VECTOR] == before) {
            irq_enable_and_halt();
            irq_disable();
        }
    }
    CHECK(true);
    apic_write(APIC_LVT_TIMER, 0x10000);
}

/* Everything that holds in either mode. */
static void common(void)
{
    registers();
    self_ipis();
    priorities();
    cr8();
    timer_oneshot();
    timer_periodic();
    timer_deadline();
    halted_wakes();
}

static void change_mode(void)
{
    unsigned long long base = read_msr(MSR_APIC_BASE);
    CHECK(base & 0x800);
    CHECK(base & 0x100);                        /* the boot processor */
    CHECK_EQ(base & 0xfffff000, 0xfee00000);
    CHECK_EQ(write_msr_safe(MSR_APIC_BASE, base | 1ull << 60), VECTOR_GP);
    if (base & 0x400)
        CHECK_EQ(write_msr_safe(MSR_APIC_BASE, base & ~0x400ull), VECTOR_GP);   /* not straight back */
}

static bool leave_x2(void)
{
    unsigned long long base = read_msr(MSR_APIC_BASE);
    if (write_msr_safe(MSR_APIC_BASE, base & ~0xc00ull) != NO_TRAP)
        return false;
    return write_msr_safe(MSR_APIC_BASE, (base & ~0x400ull) | 0x800) == NO_TRAP && !apic_is_x2();
}

static void start_by_sipi(void)
{
    CHECK(cpu_start_by_sipi(2));
    CHECK_EQ(vcpu_op(VCPUOP_is_up, 2, 0), 1);
    CHECK(cpu_start_by_sipi(2));                /* INIT stops it, whatever it does, and SIPI starts it anew */
    apic_send(apic_id_of(2), ICR_STARTUP | 0x99);   /* a running one does not care */
    volatile u32 done = 0;
    delay(10 * MS);
    (void)done;
    CHECK(cpu_wait(2, 100));
}

void guest_main(void)
{
    CHECK(cpu_limit() >= 3);
    CHECK(apic_count() >= cpu_limit());
    set_handler(LOW_VECTOR, count_vector);
    set_handler(HIGH_VECTOR, count_vector);
    set_handler(TIMER_VECTOR, count_vector);
    set_handler(VECTOR_NMI, count_nmi);
    change_mode();
    if (apic_is_x2())
        CHECK(leave_x2());
    if (!apic_is_x2()) {
        x_mmio();
        common();
        if (CHECK(cpu_start(1)))
            cross_ipis();
    }
    if (!CHECK(apic_enable_x2()))
        return;
    change_mode();
    x2_faults();
    common();
    cross_ipis();
    start_by_sipi();
}
