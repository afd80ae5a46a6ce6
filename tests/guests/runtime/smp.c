/* Further vCPUs: started by VCPUOP_initialise and up, or by INIT and SIPI; they then run jobs given by the first. */
#include "guest.h"

extern u8 secondary_entry32[], sipi_start[], sipi_end[];
extern u64 boot_stack, boot_function;

unsigned cpu_limit(void)
{
    unsigned n = 0;
    while (n < MAX_CPUS && vcpu_op(VCPUOP_is_up, n, 0) >= 0)
        n++;
    return n;
}

static void secondary_main(void)
{
    struct cpu *cpu = this_cpu();
    traps_load();
    cpu->online = 1;
    for (;;) {
        void (*job)(void *) = cpu->job;
        if (!job) {
            sched_op(SCHEDOP_yield, 0);
            continue;
        }
        job(cpu->job_argument);
        __atomic_store_n(&cpu->job, 0, __ATOMIC_SEQ_CST);
    }
}

/* vCPUs past the 32 of the shared info page need a vcpu_info of their own. */
static struct vcpu_info *info_of(unsigned index)
{
    if (index < XEN_LEGACY_MAX_VCPUS)
        return &shared_info->vcpu_info[index];
    struct vcpu_info *info = alloc_page();
    struct vcpu_register_vcpu_info where = { .mfn = gfn_of(info), .offset = 0 };
    CHECK_EQ(vcpu_op(VCPUOP_register_vcpu_info, index, &where), 0);
    return info;
}

static void prepare_area(unsigned index)
{
    struct cpu *cpu = cpu_area(index);
    struct vcpu_info *info = cpu->info ? cpu->info : info_of(index);
    memset(cpu, 0, sizeof(*cpu));
    cpu->index = index;
    cpu->info = info;
    boot_stack = (uintptr_t)cpu + CPU_AREA_SIZE;
    boot_function = (uintptr_t)secondary_main;
}

long cpu_prepare(unsigned index, struct vcpu_hvm_context *context)
{
    prepare_area(index);
    memset(context, 0, sizeof(*context));
    context->mode = VCPU_HVM_MODE_32B;
    context->cpu_regs.x86_32 = (struct vcpu_hvm_x86_32){
        .eip = (uintptr_t)secondary_entry32, .eflags = 2, .cr0 = 0x11,
        .cs_limit = ~0u, .ds_limit = ~0u, .ss_limit = ~0u, .es_limit = ~0u, .tr_limit = 0x67,
        .cs_ar = 0xc9b, .ds_ar = 0xc93, .ss_ar = 0xc93, .es_ar = 0xc93, .tr_ar = 0x8b,
    };
    return vcpu_op(VCPUOP_initialise, index, context);
}

bool cpu_wait_online(unsigned index)
{
    return WAIT_FOR(cpu_area(index)->online, 5000);
}

bool cpu_start(unsigned index)
{
    static struct vcpu_hvm_context context;
    return cpu_prepare(index, &context) == 0 && vcpu_op(VCPUOP_up, index, 0) == 0 && cpu_wait_online(index);
}

bool cpu_start_by_sipi(unsigned index)
{
    int id = apic_id_of(index);
    if (id < 0)
        return false;
    prepare_area(index);
    memcpy((void *)SIPI_PAGE, sipi_start, sipi_end - sipi_start);
    apic_send(id, ICR_INIT | ICR_ASSERT);
    delay(10 * MS);
    apic_send(id, ICR_STARTUP | ICR_ASSERT | SIPI_PAGE >> PAGE_BITS);
    return cpu_wait_online(index);
}

void cpu_run(unsigned index, void (*job)(void *), void *argument)
{
    struct cpu *cpu = cpu_area(index);
    cpu->job_argument = argument;
    __atomic_store_n(&cpu->job, job, __ATOMIC_SEQ_CST);
}

bool cpu_wait(unsigned index, unsigned milliseconds)
{
    return WAIT_FOR(!cpu_area(index)->job, milliseconds);
}
