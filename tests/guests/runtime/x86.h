/* Instructions that C cannot say. The _safe forms return the vector of the exception they raised, or NO_TRAP. */
#ifndef GUEST_X86_H
#define GUEST_X86_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout.h"

enum {
    NO_TRAP = -1, VECTOR_DE = 0, VECTOR_DB = 1, VECTOR_NMI = 2, VECTOR_BP = 3, VECTOR_OF = 4, VECTOR_UD = 6,
    VECTOR_NM = 7, VECTOR_DF = 8, VECTOR_GP = 13, VECTOR_PF = 14, VECTOR_AC = 17,
};

#define MSR_TSC 0x10
#define MSR_APIC_BASE 0x1b
#define MSR_PAT 0x277
#define MSR_EFER 0xc0000080
#define MSR_TSC_AUX 0xc0000103
#define PAGE_BYTES 4096
#define PAGE_BITS 12

struct cpu {
    unsigned index;                     /* vCPU id */
    volatile int trap;                  /* vector of the last exception that was fixed up */
    volatile unsigned long trap_error;
    volatile unsigned long trap_address;
    unsigned long user_stack_save;      /* kernel stack to return to from ring 3; 0: not there */
    struct vcpu_info *info;
    volatile int online;
    void (*volatile job)(void *);
    void *job_argument;
    volatile uint32_t upcalls;
};

/* Finds the area by the stack pointer: works alike in both widths and needs no segment base. */
static inline struct cpu *this_cpu(void)
{
    unsigned long sp;
    asm volatile("mov %%" 
#ifdef __x86_64__
                 "rsp"
#else
                 "esp"
#endif
                 ", %0" : "=r"(sp));
    return (struct cpu *)((sp - 1) & ~(unsigned long)(CPU_AREA_SIZE - 1));
}

/* Execution goes on at `to` when the instruction at `from` faults. */
#define EX(from, to) ".pushsection .ex_table, \"a\"\n\t.long " from ", " to "\n\t.popsection\n\t"

static inline void barrier(void) { asm volatile("" ::: "memory"); }
static inline void cpu_relax(void) { asm volatile("pause" ::: "memory"); }
static inline void irq_enable(void) { asm volatile("sti" ::: "memory"); }
static inline void irq_disable(void) { asm volatile("cli" ::: "memory"); }
static inline void irq_enable_and_halt(void) { asm volatile("sti\n\thlt" ::: "memory"); }

static inline unsigned long read_flags(void)
{
    unsigned long flags;
    asm volatile("pushf\n\tpop %0" : "=r"(flags));
    return flags;
}

static inline unsigned long irq_save(void)
{
    unsigned long flags = read_flags();
    irq_disable();
    return flags;
}

static inline void irq_restore(unsigned long flags)
{
    if (flags & 0x200)
        irq_enable();
}

struct cpuid { uint32_t eax, ebx, ecx, edx; };

static inline struct cpuid cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid r;
    asm volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf));
    return r;
}

static inline uint64_t rdtsc(void)
{
    uint32_t lo, hi;
    asm volatile("lfence\n\trdtsc" : "=a"(lo), "=d"(hi) :: "memory");
    return (uint64_t)hi << 32 | lo;
}

static inline int read_msr_safe(uint32_t msr, unsigned long long *value)
{
    uint32_t lo = 0, hi = 0;
    this_cpu()->trap = NO_TRAP;
    asm volatile("1: rdmsr\n2:\n\t" EX("1b", "2b") : "+a"(lo), "+d"(hi) : "c"(msr) : "memory");
    *value = (uint64_t)hi << 32 | lo;
    return this_cpu()->trap;
}

static inline int write_msr_safe(uint32_t msr, uint64_t value)
{
    this_cpu()->trap = NO_TRAP;
    asm volatile("1: wrmsr\n2:\n\t" EX("1b", "2b")
                 :: "a"((uint32_t)value), "d"((uint32_t)(value >> 32)), "c"(msr) : "memory");
    return this_cpu()->trap;
}

static inline uint64_t read_msr(uint32_t msr)
{
    uint32_t lo, hi;
    asm volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr) : "memory");
    return (uint64_t)hi << 32 | lo;
}

static inline void write_msr(uint32_t msr, uint64_t value)
{
    asm volatile("wrmsr" :: "a"((uint32_t)value), "d"((uint32_t)(value >> 32)), "c"(msr) : "memory");
}

#define PORT_ACCESS(suffix, type)                                                                    \
    static inline type in##suffix(uint16_t port)                                                     \
    {                                                                                                \
        type value;                                                                                  \
        asm volatile("in" #suffix " %1, %0" : "=a"(value) : "Nd"(port));                             \
        return value;                                                                                \
    }                                                                                                \
    static inline void out##suffix(uint16_t port, type value)                                        \
    {                                                                                                \
        asm volatile("out" #suffix " %0, %1" :: "a"(value), "Nd"(port));                             \
    }
PORT_ACCESS(b, uint8_t)
PORT_ACCESS(w, uint16_t)
PORT_ACCESS(l, uint32_t)

static inline void mmio_write32(uintptr_t address, uint32_t value)
{
    asm volatile("movl %0, (%1)" :: "r"(value), "r"(address) : "memory");
}

static inline uint32_t mmio_read32(uintptr_t address)
{
    uint32_t value;
    asm volatile("movl (%1), %0" : "=r"(value) : "r"(address) : "memory");
    return value;
}

static inline int read_memory_safe(uintptr_t address, uint32_t *value)
{
    *value = 0;
    this_cpu()->trap = NO_TRAP;
    asm volatile("1: movl (%1), %0\n2:\n\t" EX("1b", "2b") : "+r"(*value) : "r"(address) : "memory");
    return this_cpu()->trap;
}

static inline int write_memory_safe(uintptr_t address, uint32_t value)
{
    this_cpu()->trap = NO_TRAP;
    asm volatile("1: movl %0, (%1)\n2:\n\t" EX("1b", "2b") :: "r"(value), "r"(address) : "memory");
    return this_cpu()->trap;
}

#define CONTROL_REGISTER(n)                                                                          \
    static inline unsigned long read_cr##n(void)                                                     \
    {                                                                                                \
        unsigned long value;                                                                         \
        asm volatile("mov %%cr" #n ", %0" : "=r"(value) :: "memory");                                \
        return value;                                                                                \
    }                                                                                                \
    static inline void write_cr##n(unsigned long value)                                              \
    {                                                                                                \
        asm volatile("mov %0, %%cr" #n :: "r"(value) : "memory");                                    \
    }
CONTROL_REGISTER(0)
CONTROL_REGISTER(2)
CONTROL_REGISTER(3)
CONTROL_REGISTER(4)

static inline void flush_tlb_page(uintptr_t address)
{
    asm volatile("invlpg (%0)" :: "r"(address) : "memory");
}

#endif
