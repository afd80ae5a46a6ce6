/* CPUID, MSRs, control registers, ports, single steps over exits, exceptions in ring 3. */
#include "guest.h"

const char guest_name[] = "cpu";

static void hypervisor_leaves(void)
{
    struct cpuid first = cpuid(xen_leaf, 0), version = cpuid(xen_leaf + 1, 0), page = cpuid(xen_leaf + 2, 0);
    CHECK_EQ(xen_leaf, 0x40000000);
    CHECK(first.eax >= xen_leaf + 4 && first.eax < xen_leaf + 0x100);
    CHECK_EQ(version.eax, 4 << 16 | 17);
    CHECK_EQ(page.eax, 1);
    CHECK_EQ(page.ebx & 0xffff0000, 0x40000000);
    struct cpuid features = cpuid(xen_leaf + 4, 0);
    CHECK(features.eax & XEN_HVM_CPUID_VCPU_ID_PRESENT);
    CHECK_EQ(features.ebx, 0);
    CHECK(features.eax & XEN_HVM_CPUID_DOMID_PRESENT);
    CHECK_EQ(features.ecx, own_domid());
    struct cpuid beyond = cpuid(first.eax + 1, 0);
    CHECK(beyond.eax == 0 || on_xen());
    struct cpuid none = cpuid(xen_leaf + 0x100, 0);
    CHECK(none.ebx != XEN_CPUID_SIGNATURE_EBX);
}

static void ordinary_leaves(void)
{
    struct cpuid basic = cpuid(0, 0), features = cpuid(1, 0), extended = cpuid(0x80000000, 0);
    CHECK(basic.eax >= 0xb);
    CHECK(features.ecx & 1u << 31);             /* there is a hypervisor */
    CHECK(features.edx & 1u << 9);              /* APIC */
    CHECK(features.edx & 1u << 26);             /* SSE2 */
    CHECK_EQ(features.ebx >> 24, apic_id_of(0));
    CHECK(extended.eax >= 0x80000008);
    CHECK(cpuid(0x80000001, 0).edx & 1u << 29); /* long mode */
    CHECK(!(cpuid(0x80000001, 0).ecx & 1u << 2));   /* no nested virtualization */
    CHECK(!(features.ecx & 1u << 5));
    CHECK((cpuid(0x80000008, 0).eax & 0xff) >= 36);
    CHECK_EQ(cpuid(0xb, 0).edx, apic_id_of(0));
    CHECK_EQ(!!(features.ecx & 1u << 27), !!(read_cr4() & 1ul << 18));  /* OSXSAVE shows CR4 */
    if (features.ecx & 1u << 26) {
        write_cr4(read_cr4() | 1ul << 18);
        CHECK(cpuid(1, 0).ecx & 1u << 27);
        CHECK(cpuid(0xd, 0).ebx >= 576);
        CHECK(cpuid(0xd, 0).ecx >= cpuid(0xd, 0).ebx);
    }
}

static void hypercall_page_msr(void)
{
    u32 msr = cpuid(xen_leaf + 2, 0).ebx;
    u8 *page = alloc_page();
    CHECK_EQ(write_msr_safe(msr, (uintptr_t)page), NO_TRAP);
    CHECK_EQ(memcmp(page + 17 * 32, hypercall_page + 17 * 32, 32), 0);
    CHECK_EQ(write_msr_safe(msr, 0xe0000000), VECTOR_GP);               /* no RAM there */
    CHECK_EQ(write_msr_safe(msr, (uintptr_t)page | 1), VECTOR_GP);      /* there is page 0 only */
    CHECK_EQ(xen_version(XENVER_version, 0), 4 << 16 | 17);
}

static void denied_msrs(void)
{
    static const u32 none[] = { 0x12345678, 0xc0010117, 0xc0010114, 0x480, 0x48b, 0xffffffff, 0x8ff };
    unsigned long long value;
    for (unsigned i = 0; i < ARRAY_SIZE(none); i++) {
        if (on_xen() && none[i] >> 8 == 0xc00101)       /* shown as zero there, though there is no SVM */
            continue;
        CHECK_EQ(read_msr_safe(none[i], &value), VECTOR_GP);
        CHECK_EQ(write_msr_safe(none[i], 0x123), VECTOR_GP);
    }
    CHECK_EQ(this_cpu()->trap_error, 0);
}

static void msr_keeps(u32 msr, u64 value)
{
    unsigned long long old, seen;
    if (!CHECK_EQ(read_msr_safe(msr, &old), NO_TRAP))
        return;
    CHECK_EQ(write_msr_safe(msr, value), NO_TRAP);
    cpuid(0, 0);                                /* over an exit */
    CHECK_EQ(read_msr_safe(msr, &seen), NO_TRAP);
    CHECK_EQ(seen, value);
    CHECK_EQ(write_msr_safe(msr, old), NO_TRAP);
}

static void kept_msrs(void)
{
    msr_keeps(0x174, 0x10);
    msr_keeps(0x175, 0x12345678);
    msr_keeps(0x176, 0x87654321);
    msr_keeps(MSR_PAT, 0x0007040600070406);
    msr_keeps(0xc0000081, 0x0023001000000000);
    msr_keeps(0xc0000082, 0x1234567890);
    msr_keeps(0xc0000084, 0x47700);
    msr_keeps(0xc0000102, 0x7654321000);
    if (cpuid(0x80000001, 0).edx & 1u << 27)
        msr_keeps(MSR_TSC_AUX, 0x55);
}

static void efer(void)
{
    unsigned long long value = read_msr(MSR_EFER);
    CHECK_EQ(!!(value & 0x500), GUEST_BITS == 64);
    CHECK(!(value & 0x1000));                   /* SVME is the hypervisor's own business */
    CHECK_EQ(write_msr_safe(MSR_EFER, value ^ 1), NO_TRAP);
    CHECK_EQ(read_msr(MSR_EFER), value ^ 1);
    CHECK_EQ(write_msr_safe(MSR_EFER, value), NO_TRAP);
    CHECK_EQ(write_msr_safe(MSR_EFER, value | 1ull << 40), VECTOR_GP);
    CHECK_EQ(write_msr_safe(MSR_EFER, value | 0x1000), VECTOR_GP);
    if (GUEST_BITS == 64)
        CHECK_EQ(write_msr_safe(MSR_EFER, value & ~0x100ull), VECTOR_GP);   /* LME while paging */
    CHECK_EQ(read_msr(MSR_EFER), value);
}

static int write_cr_safe(unsigned which, unsigned long value)
{
    this_cpu()->trap = NO_TRAP;
    if (which == 0)
        asm volatile("1: mov %0, %%cr0\n2:\n\t" EX("1b", "2b") :: "r"(value) : "memory");
    else
        asm volatile("1: mov %0, %%cr4\n2:\n\t" EX("1b", "2b") :: "r"(value) : "memory");
    return this_cpu()->trap;
}

static void control_registers(void)
{
    unsigned long cr0 = read_cr0(), cr4 = read_cr4();
    if (option("strict")) {     /* a CPU refuses these by itself, QEMU 7.2 takes them: then the next VMRUN fails */
        CHECK_EQ(write_cr_safe(0, cr0 & ~1ul), VECTOR_GP);
        CHECK_EQ(write_cr_safe(0, (cr0 | 1ul << 29) & ~(1ul << 30)), VECTOR_GP);
        CHECK_EQ(write_cr_safe(4, cr4 | 1ul << 31), VECTOR_GP);
        CHECK_EQ(write_cr_safe(4, cr4 | 1ul << 13), VECTOR_GP);
    }
    CHECK_EQ(write_cr_safe(0, cr0 | 8), NO_TRAP);                       /* TS */
    cpuid(0, 0);
    CHECK_EQ(read_cr0(), cr0 | 8);
    asm volatile("clts");
    CHECK_EQ(read_cr0(), cr0);
    CHECK_EQ(write_cr_safe(4, cr4 ^ 0x80), NO_TRAP);                    /* PGE */
    CHECK_EQ(read_cr4(), cr4 ^ 0x80);
    write_cr4(cr4);
    write_cr3(read_cr3());
    write_cr_safe(0, cr0 | 1ul << 30);          /* caches off: the guest's own loss */
    CHECK_EQ(xen_version(XENVER_version, 0), 4 << 16 | 17);
    write_cr_safe(0, cr0);
}

static void ports(void)
{
    static const u16 none[] = { 0x300, 0x1234, 0x8000, 0xfff0 };
    for (unsigned i = 0; i < ARRAY_SIZE(none); i++) {
        CHECK_EQ(inb(none[i]), 0xff);
        CHECK_EQ(inw(none[i]), 0xffff);
        CHECK_EQ(inl(none[i]), 0xffffffff);
        outb(none[i], 1);
        outw(none[i], 2);
        outl(none[i], 3);
    }
    u64 a = 0x1122334455667788;
    asm volatile("inb %w1, %b0" : "+a"(*(unsigned long *)&a) : "d"((u16)0x300));
    CHECK_EQ(a & 0xffffff00, 0x55667700);       /* the rest of the register stays */
}

/* Xen does strings of port accesses too; the core answers them with #GP, and nothing is moved. */
static void string_ports(void)
{
    u8 buffer[8] = { 0 };
    u8 *to = buffer;
    unsigned long count = 4;
    this_cpu()->trap = NO_TRAP;
    asm volatile("cld\n1:\trep insb\n2:\n\t" EX("1b", "2b") : "+D"(to), "+c"(count) : "d"((u16)0x300) : "memory");
    CHECK_EQ(this_cpu()->trap, on_xen() ? NO_TRAP : VECTOR_GP);
    CHECK_EQ(count, on_xen() ? 0 : 4);
    CHECK_EQ(to - buffer, on_xen() ? 4 : 0);
    CHECK_EQ(buffer[3], on_xen() ? 0xff : 0);
    CHECK_EQ(buffer[4], 0);
}

/* A trap flag over an instruction that exits: the step ends behind it, not one later. */
static volatile unsigned long step_ip, steps;

static void count_step(struct trap_frame *frame)
{
    steps++;
    step_ip = frame->ip;
    frame->flags &= ~0x100ul;
}

static void single_steps(void)
{
    unsigned long after;
    set_handler(VECTOR_DB, count_step);
    asm volatile("pushf\n\torl $0x100, (%%" 
#ifdef __x86_64__
                 "rsp)\n\tpopf\n\tcpuid\n1: nop\n\tlea 1b(%%rip), %%rcx\n\tmov %%rcx, %0"
                 : "=r"(after) : "a"(0) : "rbx", "rcx", "rdx", "memory");
#else
                 "esp)\n\tpopf\n\tcpuid\n1: nop\n\tmovl $1b, %0"
                 : "=S"(after) : "a"(0) : "ebx", "ecx", "edx", "memory");
#endif
    CHECK_EQ(steps, 1);
    CHECK_EQ(step_ip, after);
    set_handler(VECTOR_DB, 0);
}

static u8 user_stack[2048] __attribute__((aligned(16)));

static void user_cpuid(void) { cpuid(1, 0); asm volatile("ud2"); }
static void user_msr(void) { asm volatile("rdmsr" :: "c"(MSR_EFER) : "eax", "edx"); }
static void user_port(void) { asm volatile("inb $0x40, %%al" ::: "eax"); }
static void user_halt(void) { asm volatile("hlt"); }
static void user_cr(void) { asm volatile("mov %%cr0, %0" : "=r"(*(unsigned long *)user_stack)); }
static void user_memory(void) { *(volatile u32 *)UNMAPPED_POINTER = 1; }
static void user_svm(void) { asm volatile("clgi"); }

static void ring3(void)
{
    void *stack = user_stack + sizeof(user_stack);
    CHECK_EQ(run_in_user(user_cpuid, stack), VECTOR_UD);
    CHECK_EQ(run_in_user(user_msr, stack), VECTOR_GP);
    CHECK_EQ(run_in_user(user_port, stack), VECTOR_GP);
    CHECK_EQ(run_in_user(user_halt, stack), VECTOR_GP);
    CHECK_EQ(run_in_user(user_cr, stack), VECTOR_GP);
    CHECK_EQ(run_in_user(user_memory, stack), VECTOR_PF);
    CHECK_EQ(this_cpu()->trap_address, (uintptr_t)UNMAPPED_POINTER);
    CHECK_EQ(this_cpu()->trap_error, 6);
    CHECK_EITHER(run_in_user(user_svm, stack), VECTOR_UD, VECTOR_GP);
}

#define EXPECT_TRAP(instruction, vector)                                                                   \
    do {                                                                                                   \
        this_cpu()->trap = NO_TRAP;                                                                        \
        asm volatile("1: " instruction "\n2:\n\t" EX("1b", "2b") ::: "memory", "eax", "ecx", "edx");       \
        CHECK_EQ(this_cpu()->trap, vector);                                                                \
    } while (0)

/* SVM's own instructions do not exist for a guest, nor VMX's. */
static void virtualization_instructions(void)
{
    EXPECT_TRAP("vmrun", VECTOR_UD);
    EXPECT_TRAP("vmload", VECTOR_UD);
    EXPECT_TRAP("vmsave", VECTOR_UD);
    EXPECT_TRAP("stgi", VECTOR_UD);
    EXPECT_TRAP("clgi", VECTOR_UD);
    EXPECT_TRAP("skinit", VECTOR_UD);
    EXPECT_TRAP("invlpga", VECTOR_UD);
    EXPECT_TRAP("ud2", VECTOR_UD);
}

static void harmless_instructions(void)
{
    asm volatile("wbinvd" ::: "memory");
    if (!on_xen())                              /* which takes INVD for an attack */
        asm volatile("invd" ::: "memory");
    if (!on_xen() && cpuid(0x80000001, 0).edx & 1u << 27)   /* QEMU 7.2 reports it to Xen as RDTSC */
        asm volatile("rdtscp" ::: "eax", "ecx", "edx");
    u64 before = rdtsc();
    CHECK(rdtsc() > before);
    if (cpuid(1, 0).ecx & 1u << 3)
        asm volatile("monitor" :: "a"(user_stack), "c"(0), "d"(0));
}

/* An event that arrives while exceptions are delivered: none of either is lost. */
static volatile u32 faults;

static void count_fault(struct trap_frame *frame)
{
    faults++;
    frame->ip += 2;
}

static void events_among_exceptions(void)
{
    unsigned other;
    int port = event_pair(&other);
    event_clear(other);
    event_unmask(other);
    set_handler(VECTOR_UD, count_fault);
    irq_enable();
    u32 before = event_count[other];
    for (unsigned i = 0; i < 2000; i++) {
        event_send(port);
        asm volatile("ud2");
    }
    irq_disable();
    set_handler(VECTOR_UD, 0);
    CHECK_EQ(faults, 2000);
    CHECK_EQ(event_count[other] - before, 2000);
    event_close(port);
    event_close(other);
}

/* Where the guest has no memory, reads give ones and writes are lost, in every width. */
static void memory_hole(void)
{
    static volatile u32 value;
    value = *(volatile u32 *)HOLE_POINTER;
    CHECK_EQ(value, 0xffffffff);
    *(volatile u32 *)HOLE_POINTER = 5;
    CHECK_EQ(*(volatile u32 *)HOLE_POINTER, 0xffffffff);
    CHECK_EQ(*(volatile u8 *)HOLE_POINTER, 0xff);
    CHECK_EQ(*(volatile u16 *)HOLE_POINTER, 0xffff);
}

void guest_main(void)
{
    hypervisor_leaves();
    ordinary_leaves();
    hypercall_page_msr();
    denied_msrs();
    kept_msrs();
    efer();
    control_registers();
    ports();
    string_ports();
    single_steps();
    ring3();
    virtualization_instructions();
    harmless_instructions();
    events_among_exceptions();
    memory_hole();
}
