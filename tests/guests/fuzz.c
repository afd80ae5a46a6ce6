/*
 * Two vCPUs throw random and nearly right hypercalls, MSR accesses, CPUID leaves, port accesses and APIC writes at the
 * hypervisor, both using one page of arguments that they change under each other's calls. Options: seed=, calls=.
 *
 * The guest must live: what would end or stop it is left out (forbidden(), safe()), and the values it uses never name its
 * own image, which is linked at an unlikely address for that reason. What it loses otherwise it puts back (repair()).
 */
#include "guest.h"

const char guest_name[] = "fuzz";

#define SPARE_PAGES 16
#define PROGRESS 10000

extern u8 image_end[], trap_stubs[];

static u64 random_state[2];
static u64 limit;
static volatile u32 calls_done, stop, nmis;
static unsigned self, console_port;
static u8 *spare;               /* pages that may come and go: pointers and frames in the arguments name them */
static union { u64 words[PAGE_BYTES / 8]; u8 bytes[PAGE_BYTES]; } *raced, *calm[2];

static u64 next(void)
{
    u64 *s = &random_state[this_cpu()->index & 1];
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    return *s;
}

static u32 below(u32 n) { return (u32)(next() >> 33) % n; }

static void *spare_pointer(void) { return spare + below(SPARE_PAGES) * PAGE_BYTES; }
static u64 spare_gfn(void) { return below(3) ? gfn_of(spare_pointer()) : FREE_GFN + below(64); }

/* 3 is missing: as a map space it would move ranges of frames, this image's among them. */
static u64 small_number(void)
{
    static const u8 numbers[] = { 0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11 };
    return numbers[below(sizeof(numbers))];
}

static u64 pointer(void)
{
    switch (below(8)) {
    case 0: return (uintptr_t)bad_pointers[below(bad_pointer_count)];
    case 1: return (uintptr_t)spare_pointer() + PAGE_BYTES - 1 - below(16);
    case 2: return WINDOW_BASE + PAGE_BYTES - 1 - below(32);
    default: return (uintptr_t)spare_pointer() + below(64) * 8;
    }
}

/* A value that is right somewhere. */
static u64 value(void)
{
    switch (below(10)) {
    case 0: return ~0ull;
    case 1: return DOMID_SELF;
    case 2: return self;
    case 3: return 1ull << (31 + below(33));
    case 4: return pointer();
    case 5: case 6: return spare_gfn();
    default: return small_number();
    }
}

static bool in_image(u64 v)
{
    uintptr_t start = (uintptr_t)trap_stubs & ~0xfffful, end = (uintptr_t)spare;
    u32 low = v;
    return (low >= start && low < end) || (low >= start >> PAGE_BITS && low < end >> PAGE_BITS);
}

static u64 anything(void)
{
    u64 v = below(2) ? value() : next() >> below(64);
    return in_image(v) || in_image(v >> 32) ? value() : v;
}

/* What would end this guest, stop it for good, or take its console away. */
static bool forbidden(u64 number, u64 a1, u64 a2)
{
    u32 op = a1, id = a2;
    switch ((u32)number) {
    case __HYPERVISOR_sched_op: return op != SCHEDOP_yield && op != SCHEDOP_remote_shutdown && op < 8;
    case __HYPERVISOR_vcpu_op: return op == VCPUOP_up || op == VCPUOP_down || (op == VCPUOP_initialise && id < 2);
    case __HYPERVISOR_event_channel_op: return op == EVTCHNOP_reset || op == EVTCHNOP_close || op == 14;
    case __HYPERVISOR_console_io: return op == CONSOLEIO_write;
    case __HYPERVISOR_multicall: return true;
    case __HYPERVISOR_sched_op_compat: return true;
    default: return false;
    }
}

/* Grant operations write a result into every element: more than a few would run over this guest's memory. */
static void limit_count(u64 number, u64 *count)
{
    if ((u32)number == __HYPERVISOR_grant_table_op)
        *count &= 0x80000003;
}

static void random_hypercall(void)
{
    u64 number = below(4) ? below(64) : next() >> below(64);
    u64 a[5];
    for (unsigned i = 0; i < 5; i++)
        a[i] = anything();
    if (below(2))
        a[0] = below(48);
    limit_count(number, &a[2]);
    if (!forbidden(number, a[0], a[1]))
        raw_hypercall(number, a[0], a[1], a[2], a[3], a[4]);
}

static void fill(u64 *words, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        words[i] = value();
}

static void scribble(void)
{
    for (unsigned n = below(4); n; n--)
        raced->words[below(16)] = value();
}

static void memory_call(void)
{
    static const u8 ops[] = { 0, 1, 2, 3, 4, 5, 6, 7, 9, 11, 12, 13, 14, 15, 16, 17, 23, 24, 26, 27, 28 };
    struct xen_memory_reservation *r = (void *)raced;
    struct xen_add_to_physmap *map = (void *)raced;
    u32 op = ops[below(sizeof(ops))];
    fill(raced->words, 12);
    if (op == XENMEM_add_to_physmap && below(4))
        *map = (struct xen_add_to_physmap){ DOMID_SELF, below(20), below(3), small_number(), spare_gfn() };
    else if ((op <= 1 || op == XENMEM_populate_physmap) && below(4)) {
        *r = (struct xen_memory_reservation){ .nr_extents = below(9), .extent_order = below(12) ? 0 : below(10),
                                              .domid = DOMID_SELF };
        for (unsigned i = 16; i < 32; i++)
            raced->words[i] = GUEST_BITS == 64 ? spare_gfn() : spare_gfn() | spare_gfn() << 32;
        set_xen_guest_handle(r->extent_start, (xen_pfn_t *)&raced->words[16]);
    }
    scribble();
    memory_op(op | (below(8) ? 0 : below(16) << 6), below(16) ? (void *)raced : (void *)(uintptr_t)pointer());
}

static void event_call(void)
{
    u32 op = below(15);
    fill(raced->words, 3);
    if (op == EVTCHNOP_reset || op == 14)
        return;
    if (op == EVTCHNOP_close) {                 /* never the console's: on a page of one's own */
        struct evtchn_close *close = (void *)calm[this_cpu()->index & 1];
        close->port = 1 + below(64);
        if (close->port != console_port)
            evtchn_op(op, close);
        return;
    }
    scribble();
    evtchn_op(op, below(16) ? (void *)raced : (void *)(uintptr_t)pointer());
}

/* The table itself may have been moved away: nothing is lost by writing into a hole, if the instruction is a plain one. */
static void write_grant(u32 ref)
{
    uintptr_t entry = (GRANT_TABLE_GFN << PAGE_BITS) + ref * sizeof(struct grant_entry_v1);
    write_memory_safe(entry + 4, spare_gfn());
    write_memory_safe(entry, self << 16 | below(16));
}

static void grant_call(void)
{
    u32 op = below(13);
    fill(raced->words, 24);
    if (op == GNTTABOP_map_grant_ref && below(4))
        *(struct gnttab_map_grant_ref *)raced = (struct gnttab_map_grant_ref){
            .host_addr = spare_gfn() << PAGE_BITS, .flags = below(8), .ref = below(32), .dom = self,
        };
    write_grant(below(32));
    scribble();
    grant_op(op, below(16) ? (void *)raced : (void *)(uintptr_t)pointer(),
             below(16) ? below(4) : 0x80000000 | (u32)anything());
}

static void vcpu_call(void)
{
    u32 op = below(15), id = below(8) ? below(3) : (u32)anything();
    fill(raced->words, 16);
    scribble();
    if (!forbidden(__HYPERVISOR_vcpu_op, op, id))
        vcpu_op(op, id, below(16) ? (void *)raced : (void *)(uintptr_t)pointer());
}

static void sched_call(void)
{
    struct sched_poll *poll = (void *)calm[this_cpu()->index & 1];
    evtchn_port_t *ports = (void *)(poll + 1);
    *poll = (struct sched_poll){ .nr_ports = below(130), .timeout = 1 };
    for (unsigned i = 0; i < 16; i++)
        ports[i] = value();
    set_xen_guest_handle(poll->ports, ports);
    sched_op(below(2) ? SCHEDOP_poll : SCHEDOP_yield, poll);
}

static void hvm_call(void)
{
    struct xen_hvm_param *p = (void *)raced;
    fill(raced->words, 6);
    if (below(4))
        *p = (struct xen_hvm_param){ .domid = DOMID_SELF, .index = below(HVM_NR_PARAMS + 2), .value = value() };
    scribble();
    hvm_op(below(26), below(16) ? (void *)raced : (void *)(uintptr_t)pointer());
}

/* Calls of calls, each of them one that is allowed, the results written where the other vCPU scribbles. */
static void multicall(void)
{
    struct multicall_entry *m = (void *)calm[this_cpu()->index & 1];
    u32 count = below(8);
    for (u32 i = 0; i < count; i++) {
        u64 number = below(64);
        m[i].op = number;
        for (unsigned j = 0; j < 6; j++)
            m[i].args[j] = anything();
        if (number == __HYPERVISOR_grant_table_op)
            m[i].args[2] = below(4);
        if (forbidden(number, m[i].args[0], m[i].args[1]))
            m[i].op = __HYPERVISOR_xen_version;
    }
    hypercall2(__HYPERVISOR_multicall, below(16) ? (void *)m : (void *)(uintptr_t)bad_pointers[0], count);
}

static void other_call(void)
{
    static const u8 numbers[] = { 7, 15, 17, 18, 21, 24, 33, 35, 36, 38, 39, 40, 41, 42 };
    u32 number = numbers[below(sizeof(numbers))];
    u64 op = below(40);
    fill(raced->words, 16);
    scribble();
    if (!forbidden(number, op, 0))
        hypercall(number, op, below(2) ? ARG(raced) : ARG(anything()), ARG(pointer()), ARG(anything()), ARG(anything()));
}

/* Vectors under 0x30 would look like exceptions; INIT and SIPI would restart the vCPUs that run this. */
static u32 apic_value(u32 reg)
{
    u32 v = anything();
    if (reg == APIC_TIMER_COUNT)
        return v | 1 << 24;
    if (reg == APIC_SVR || reg == APIC_ICR || (reg >= APIC_LVT_TIMER && reg <= APIC_LVT_ERROR) || reg == APIC_SELF_IPI)
        v = (v & ~0xffu) | (0x30 + below(0xd0));
    if (reg == APIC_ICR)
        v &= ~(below(2) ? 0x700u : 0x300u);
    if (reg == APIC_LVT_TIMER)
        v &= ~0x60000u;
    return v;
}

static void apic_access(void)
{
    u32 reg = below(64) * 16;
    u32 value = apic_value(reg);
    unsigned long long ignored;
    if (!apic_is_x2()) {
        if (below(2))
            mmio_write32(0xfee00000ul + reg, value);
        else
            mmio_read32(0xfee00000ul + reg);
    } else if (below(2))
        write_msr_safe(0x800 + reg / 16, below(8) ? value : value | (u64)below(4) << 32);
    else
        read_msr_safe(0x800 + below(0x100), &ignored);
}

static void msr_access(void)
{
    static const u32 bases[] = { 0, 0x10, 0x1b, 0x8b, 0xfe, 0x170, 0x174, 0x179, 0x1d9, 0x200, 0x250, 0x277, 0x2ff, 0x400,
                                 0x480, 0x6e0, 0xda0, 0x40000000, 0xc0000080, 0xc0000100, 0xc0010000, 0xc0010010,
                                 0xc0010110, 0xc0011020 };
    u32 msr = below(8) ? bases[below(ARRAY_SIZE(bases))] + below(16) : (u32)next();
    unsigned long long old;
    if (read_msr_safe(msr, &old) != NO_TRAP)
        old = 0;
    if (msr == MSR_APIC_BASE || (msr >= 0x800 && msr < 0x900) || (msr >= 0x40000000 && msr < 0x40000400))
        return;
    if (msr == MSR_EFER)
        write_msr_safe(msr, old ^ (below(2) ? 1ull << (12 + below(52)) : 1));
    else if (below(2))
        write_msr_safe(msr, below(2) ? old : anything());
}

static void cpuid_access(void)
{
    static const u32 bases[] = { 0, 0x40000000, 0x40000100, 0x80000000, 0x8fffffff, 0xc0000000 };
    cpuid(below(8) ? bases[below(ARRAY_SIZE(bases))] + below(64) : (u32)next(), below(2) ? below(32) : (u32)next());
}

/* Not the ports that reset or switch off a PC, nor the reference's debug console. */
static void port_access(void)
{
    static const u16 bases[] = { 0, 0x20, 0x40, 0x60, 0x70, 0xa0, 0x2f8, 0x3f8, 0xcf8, 0xcfc, 0x1000 };
    u16 port = below(4) ? bases[below(ARRAY_SIZE(bases))] + below(16) : next();
    u32 kind = below(6), v = anything();
    bool power = port == 0x64 || port == 0x92 || port == 0xe9 || port == 0xcf9 || (port & 0xff00) == 0xb000
                 || (port & 0xff00) == 0x600 || (port & ~3) == 0xe8 || (port & ~3) == 0xcf8 || (port & ~3) == 0x90
                 || (port & ~7) == 0x60;
    switch (kind) {
    case 0: inb(port); break;
    case 1: inw(port); break;
    case 2: inl(port); break;
    case 3: if (!power) outb(port, v); break;
    case 4: if (!power) outw(port, v); break;
    case 5: if (!power) outl(port, v); break;
    }
}

static void one(void)
{
    static void (*const kinds[])(void) = {
        random_hypercall, random_hypercall, random_hypercall, memory_call, memory_call, event_call, event_call, grant_call,
        grant_call, vcpu_call, sched_call, hvm_call, multicall, other_call, apic_access, msr_access, cpuid_access,
        port_access,
    };
    kinds[below(ARRAY_SIZE(kinds))]();
}

/* Puts back what may be lost: the spare pages, interrupts, a quiet timer. */
static void repair(void)
{
    static xen_pfn_t gfns[SPARE_PAGES];
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };
    for (unsigned i = 0; i < SPARE_PAGES; i++) {
        gfns[i] = gfn_of(spare) + i;
        if (*(volatile u32 *)(spare + i * PAGE_BYTES + 8) != ~0u)
            continue;
        set_xen_guest_handle(r.extent_start, &gfns[i]);
        memory_op(XENMEM_populate_physmap, &r);
    }
    set_timer_op(0);
    vcpu_op(VCPUOP_stop_periodic_timer, this_cpu()->index, 0);
    apic_write(APIC_LVT_TIMER, 0x10000);
    apic_write(APIC_TPR, 0);
    irq_enable();
}

static void partner(void *unused)
{
    (void)unused;
    if (apic_is_x2() || *(volatile u32 *)&stop)
        barrier();
    irq_enable();
    while (!stop) {
        one();
        scribble();
        __atomic_fetch_add(&calls_done, 1, __ATOMIC_RELAXED);
    }
    irq_disable();
}

static void ignore_interrupt(struct trap_frame *frame)
{
    (void)frame;
    apic_write(APIC_EOI, 0);
}

static void count_nmi(struct trap_frame *frame)
{
    (void)frame;
    nmis++;
}

static void prepare(void)
{
    unsigned long long port = 0;
    u64 seed = option_number("seed", 1);
    limit = option_number("calls", 200000);
    random_state[0] = seed * 0x9e3779b97f4a7c15ull | 1;
    random_state[1] = (seed + 12345) * 0xbf58476d1ce4e5b9ull | 1;
    for (unsigned i = 16; i < 256; i++)         /* from 16 on a vector may be asked for, exceptions' or not */
        set_handler(i, ignore_interrupt);
    for (unsigned i = 17; i < 32; i++)
        use_stub_of(i, 16);
    set_handler(VECTOR_NMI, count_nmi);
    raced = alloc_page();
    calm[0] = alloc_page();
    calm[1] = alloc_page();
    bad_pointer_after(8);
    self = own_domid();
    hvm_get_param(HVM_PARAM_CONSOLE_EVTCHN, &port);
    console_port = port;
    grants_start();
    spare = alloc_pages(SPARE_PAGES);
    print("fuzz: seed %llu, %llu calls\n", seed, limit);
}

void guest_main(void)
{
    prepare();
    bool two = cpu_limit() > 1 && CHECK(cpu_start(1));
    if (two)
        cpu_run(1, partner, 0);
    apic_start();
    irq_enable();
    for (u32 next_report = PROGRESS; calls_done < limit; __atomic_fetch_add(&calls_done, 1, __ATOMIC_RELAXED)) {
        one();
        if (below(1000) == 0)
            repair();
        if (calls_done >= next_report) {
            print("fuzz: %u calls\n", next_report);
            next_report += PROGRESS;
        }
    }
    stop = 1;
    for (u32 patience = 0; two && cpu_area(1)->job && patience < 1000000; patience++)
        sched_op(SCHEDOP_yield, 0);
    CHECK(!two || !cpu_area(1)->job);
    CHECK_EQ(xen_version(XENVER_version, 0), 4 << 16 | 17);
    print("fuzz: %u calls done\n", calls_done);
}
