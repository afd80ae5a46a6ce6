/* Exceptions and interrupts: fix-up of expected faults, report of unexpected ones, dispatch of vectors. */
#include "guest.h"

struct __attribute__((packed)) gate {
    u16 offset_low, selector, type, offset_high;
#ifdef __x86_64__
    u32 offset_top, reserved;
#endif
};
struct __attribute__((packed)) idt_pointer { u16 limit; unsigned long base; };
struct fixup { u32 from, to; };

extern u8 trap_stubs[];
extern u64 gdt[];
extern const struct fixup ex_table_start[], ex_table_end[];
int enter_user(void (*entry)(void), void *stack, unsigned long *saved_stack, unsigned long *tss_stack);
void leave_user(int result, unsigned long saved_stack) __attribute__((noreturn));
void trap(struct trap_frame *frame);

static struct gate idt[256];
static interrupt_handler *handlers[256];
static u8 tss[104] __attribute__((aligned(16)));

void set_handler(u8 vector, interrupt_handler *handler)
{
    handlers[vector] = handler;
}

static void set_gate(unsigned vector, uintptr_t code)
{
    idt[vector] = (struct gate){
        .offset_low = code, .selector = SEL_CODE, .type = 0x8e00, .offset_high = code >> 16,
    };
}

void use_stub_of(u8 vector, u8 other)
{
    set_gate(vector, (uintptr_t)trap_stubs + other * 16);
}

void set_direct_handler(u8 vector, direct_handler *handler)
{
    set_gate(vector, (uintptr_t)handler);
}

static void set_tss(void)
{
    uintptr_t base = (uintptr_t)tss;
    gdt[SEL_TSS / 8] = (u64)(sizeof(tss) - 1) | (u64)(base & 0xffffff) << 16 | 0x89ull << 40 | (u64)(base >> 24) << 56;
    tss[102] = sizeof(tss);             /* no I/O bitmap */
#ifndef __x86_64__
    tss[8] = SEL_DATA;
#endif
}

void traps_load(void)
{
    struct idt_pointer pointer = { sizeof(idt) - 1, (unsigned long)idt };
    asm volatile("lidt %0" :: "m"(pointer));
}

void traps_start(void)
{
    for (unsigned i = 0; i < 256; i++)
        use_stub_of(i, i);
    set_tss();
    traps_load();
    asm volatile("ltr %w0" :: "r"(SEL_TSS));
}

/* The first vCPU only: there is one TSS. The code at `entry` ends by any exception. */
int run_in_user(void (*entry)(void), void *stack_top)
{
    unsigned long *tss_stack = (unsigned long *)(tss + 4);
    return enter_user(entry, stack_top, &this_cpu()->user_stack_save, tss_stack);
}

static void report(const struct trap_frame *frame)
{
    print("trap %lu error 0x%lx ip 0x%lx cs 0x%lx flags 0x%lx cr2 0x%lx on vCPU %u\n", frame->vector, frame->error,
          frame->ip, frame->cs, frame->flags, read_cr2(), this_cpu()->index);
    fatal("unexpected exception %lu at 0x%lx", frame->vector, frame->ip);
}

static void exception(struct trap_frame *frame)
{
    struct cpu *cpu = this_cpu();
    unsigned long saved = cpu->user_stack_save;
    cpu->trap_error = frame->error;
    cpu->trap_address = frame->vector == VECTOR_PF ? read_cr2() : 0;
    if (frame->cs & 3 && saved) {
        cpu->user_stack_save = 0;
        leave_user(frame->vector, saved);
    }
    for (const struct fixup *f = ex_table_start; f < ex_table_end; f++)
        if (f->from == frame->ip) {
            cpu->trap = frame->vector;
            frame->ip = f->to;
            return;
        }
    report(frame);
}

void trap(struct trap_frame *frame)
{
    if (handlers[frame->vector])
        handlers[frame->vector](frame);
    else if (frame->vector < 32)
        exception(frame);
    else
        report(frame);
}
