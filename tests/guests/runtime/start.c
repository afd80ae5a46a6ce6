/* First C code: finds the hypervisor, fills the hypercall page, starts the parts in order, runs the guest. */
#include "guest.h"

u32 xen_leaf;
uint8_t hypercall_page[4096] PAGE_ALIGNED;
bool hypercall_by_vmcall;
extern u32 start_info_address;
void first_cpu_main(void);

static bool leaf_is_xen(u32 leaf)
{
    struct cpuid r = cpuid(leaf, 0);
    return r.ebx == XEN_CPUID_SIGNATURE_EBX && r.ecx == XEN_CPUID_SIGNATURE_ECX && r.edx == XEN_CPUID_SIGNATURE_EDX;
}

static void die(void)
{
    for (;;)
        asm volatile("cli\n\thlt");
}

static void hypercalls_start(void)
{
    xen_leaf = XEN_CPUID_FIRST_LEAF;
    while (!leaf_is_xen(xen_leaf))
        if ((xen_leaf += 0x100) > 0x40010000)
            die();
    write_msr(cpuid(xen_leaf + 2, 0).ebx, (uintptr_t)hypercall_page);
    hypercall_by_vmcall = cpuid(0, 0).ecx == 0x6c65746e;    /* "ntel" */
}

long raw_hypercall(unsigned long number, unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4,
                   unsigned long a5)
{
#ifdef __x86_64__
    register unsigned long r10 asm("r10") = a4;
    register unsigned long r8 asm("r8") = a5;
#define OPERANDS : "+a"(number), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10), "+r"(r8) :: "memory", "rcx", "r11"
#else
#define OPERANDS : "+a"(number), "+b"(a1), "+c"(a2), "+d"(a3), "+S"(a4), "+D"(a5) :: "memory"
#endif
    if (hypercall_by_vmcall)
        asm volatile("vmcall" OPERANDS);
    else
        asm volatile("vmmcall" OPERANDS);
    return number;
}

bool on_xen(void)
{
    return option_is("reference", "xen");
}

void shutdown(unsigned reason)
{
    struct sched_shutdown request = { reason };
    for (;;)
        sched_op(SCHEDOP_shutdown, &request);
}

void first_cpu_main(void)
{
    const struct hvm_start_info *info = (void *)(uintptr_t)start_info_address;
    traps_start();
    hypercalls_start();
    options_start(info);
    memory_start(info);
    events_start();
    console_start();
    if (info->magic != XEN_HVM_START_MAGIC_VALUE)
        fatal("start info magic is 0x%x", info->magic);
    guest_main();
    finish();
}
