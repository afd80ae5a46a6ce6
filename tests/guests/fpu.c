/* Extended state and debug registers: they survive exits, and a competitor with values of its own on the same CPU. */
#include "guest.h"

const char guest_name[] = "fpu";

#define CR4_OSXSAVE (1ul << 18)

static volatile u32 stop, mismatches[2], rounds[2];
static bool has_xsave, has_avx;

static void set_xcr0(u64 value)
{
    asm volatile("xsetbv" :: "a"((u32)value), "d"((u32)(value >> 32)), "c"(0));
}

static int set_xcr_safe(u32 index, u64 value)
{
    this_cpu()->trap = NO_TRAP;
    asm volatile("1: xsetbv\n2:\n\t" EX("1b", "2b") :: "a"((u32)value), "d"((u32)(value >> 32)), "c"(index) : "memory");
    return this_cpu()->trap;
}

static u64 get_xcr0(void)
{
    u32 lo, hi;
    asm volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
    return (u64)hi << 32 | lo;
}

static void enable(void)
{
    has_xsave = cpuid(1, 0).ecx & 1u << 26;
    has_avx = has_xsave && cpuid(1, 0).ecx & 1u << 28;
    if (!has_xsave)
        return;
    write_cr4(read_cr4() | CR4_OSXSAVE);
    set_xcr0(has_avx ? 7 : 3);
}

static void load(u32 seed)
{
    u32 values[4] = { seed, seed * 3, seed * 5, ~seed };
    u16 control = seed & 1 ? 0x37f : 0x27f;
    u32 mxcsr = seed & 1 ? 0x1f80 : 0x3f80;
    asm volatile("movups %0, %%xmm0\n\tmovups %0, %%xmm7" :: "m"(values));
    asm volatile("fninit\n\tfldcw %0\n\tfildl %1" :: "m"(control), "m"(seed));
    asm volatile("ldmxcsr %0" :: "m"(mxcsr));
#ifdef __x86_64__
    asm volatile("movups %0, %%xmm15" :: "m"(values));
#endif
    if (has_avx)
        asm volatile("vinsertf128 $1, %0, %%ymm3, %%ymm3" :: "m"(values));
}

static bool holds(u32 seed)
{
    u32 low[4], high[4], mxcsr, popped;
    u16 control;
    asm volatile("movups %%xmm0, %0" : "=m"(low));
    asm volatile("movups %%xmm7, %0" : "=m"(high));
    asm volatile("stmxcsr %0\n\tfnstcw %1\n\tfistpl %2" : "=m"(mxcsr), "=m"(control), "=m"(popped));
    bool same = low[0] == seed && low[3] == ~seed && !memcmp(low, high, sizeof(low)) && popped == seed
                && mxcsr == (seed & 1 ? 0x1f80u : 0x3f80u) && control == (seed & 1 ? 0x37f : 0x27f);
#ifdef __x86_64__
    asm volatile("movups %%xmm15, %0" : "=m"(high));
    same &= !memcmp(low, high, sizeof(low));
#endif
    if (has_avx) {
        asm volatile("vextractf128 $1, %%ymm3, %0" : "=m"(high));
        same &= !memcmp(low, high, sizeof(low));
    }
    return same;
}

static void compete(unsigned who, u32 count)
{
    for (u32 i = 0; i < count; i++) {
        u32 seed = (i * 2654435761u + who) & 0x7fffffff;
        load(seed);
        switch (i % 4) {
        case 0: cpuid(1, 0); break;
        case 1: xen_version(XENVER_version, 0); break;
        case 2: sched_op(SCHEDOP_yield, 0); break;
        case 3: for (unsigned j = 0; j < 20000; j++) barrier(); break;    /* a time slice may end in here */
        }
        mismatches[who] += !holds(seed);
        rounds[who]++;
    }
}

static void competitor(void *unused)
{
    (void)unused;
    enable();
    while (!stop)
        compete(1, 4);
}

static void xcr0_rules(void)
{
    if (!has_xsave)
        return;
    u64 value = get_xcr0();
    CHECK_EQ(value & 3, 3);
    CHECK_EQ(set_xcr_safe(0, 1), NO_TRAP);
    CHECK_EQ(get_xcr0(), 1);
    cpuid(0, 0);
    CHECK_EQ(get_xcr0(), 1);
    CHECK_EQ(set_xcr_safe(0, value), NO_TRAP);
    CHECK_EQ(get_xcr0(), value);
    CHECK_EQ(set_xcr_safe(0, 0), VECTOR_GP);            /* x87 is always on */
    CHECK_EQ(set_xcr_safe(0, 4), VECTOR_GP);            /* AVX needs SSE */
    CHECK_EQ(set_xcr_safe(1, 3), VECTOR_GP);
    CHECK_EQ(set_xcr_safe(0, 1ull << 62), VECTOR_GP);
    CHECK_EQ(get_xcr0(), value);
}

#define WRITE_DR(n) static void write_dr##n(unsigned long v) { asm volatile("mov %0, %%dr" #n :: "r"(v)); }
#define READ_DR(n) \
    static unsigned long read_dr##n(void) { unsigned long v; asm volatile("mov %%dr" #n ", %0" : "=r"(v)); return v; }
WRITE_DR(0)
WRITE_DR(3)
WRITE_DR(6)
WRITE_DR(7)
READ_DR(0)
READ_DR(3)

static volatile u32 watched, hits;

static void count_hit(struct trap_frame *frame)
{
    (void)frame;
    hits++;
    write_dr6(0xffff0ff0);
}

static void other_debug(void *unused)
{
    (void)unused;
    while (!stop) {
        write_dr0(0x1000);
        write_dr3(0x2000);
        write_dr7(0x400);
        sched_op(SCHEDOP_yield, 0);
        mismatches[1] += read_dr0() != 0x1000 || read_dr3() != 0x2000;
    }
}

/*
 * A watched word on vCPU 0, while vCPU 1 has other debug registers. QEMU 7.2 arms breakpoints when DR7 is written, not when
 * VMRUN loads it: after a change of CPU it misses hits, which a CPU would not.
 */
static void debug_registers(bool two)
{
    set_handler(VECTOR_DB, count_hit);
    stop = 0;
    mismatches[1] = 0;
    if (two)
        cpu_run(1, other_debug, 0);
    write_dr0((uintptr_t)&watched);
    write_dr3(0x123456);
    write_dr7(0x000d0401 | 2);          /* writes of four bytes at DR0 */
    u32 wrong = 0;
    for (u32 i = 1; i <= 300; i++) {
        sched_op(SCHEDOP_yield, 0);
        watched = i;
        wrong += hits > i || read_dr3() != 0x123456;
    }
    write_dr7(0x400);
    watched = 0;
    CHECK(hits > 0);
    if (!on_xen())              /* which loads them lazily */
        CHECK_EQ(wrong, 0);
    CHECK_EQ(read_dr0(), (uintptr_t)&watched);
    stop = 1;
    if (two)
        CHECK(cpu_wait(1, 5000));
    CHECK_EQ(mismatches[1], 0);
    set_handler(VECTOR_DB, 0);
}

void guest_main(void)
{
    enable();
    xcr0_rules();
    bool two = CHECK(cpu_limit() > 1) && CHECK(cpu_start(1));
    if (two)
        cpu_run(1, competitor, 0);
    compete(0, 2000);
    stop = 1;
    if (two)
        CHECK(cpu_wait(1, 10000));
    CHECK_EQ(rounds[0], 2000);
    CHECK(!two || rounds[1] > 0);
    CHECK_EQ(mismatches[0], 0);
    CHECK_EQ(mismatches[1], 0);
    debug_registers(two);
}
