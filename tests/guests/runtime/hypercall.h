/* Hypercalls through the page the hypervisor filled in. */
#ifndef GUEST_HYPERCALL_H
#define GUEST_HYPERCALL_H

#define __XEN_INTERFACE_VERSION__ 0x00040e00

#include <stdint.h>
#include <xen/xen.h>
#include <xen/version.h>
#include <xen/features.h>
#include <xen/event_channel.h>
#include <xen/memory.h>
#include <xen/grant_table.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/physdev.h>
#include <xen/platform.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/hvm_vcpu.h>
#include <xen/hvm/params.h>
#include <xen/arch-x86/cpuid.h>
#include <xen/arch-x86/hvm/start_info.h>

#include "layout.h"

#define XEN_ERRNO(name, value) name = value,
enum xen_errno {
#include <xen/errno.h>
};

extern uint8_t hypercall_page[4096];
extern bool hypercall_by_vmcall;

/* Any number, also past the page's end: the instruction itself. */
long raw_hypercall(unsigned long number, unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4,
                   unsigned long a5);

static inline long hypercall(unsigned number, unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4,
                             unsigned long a5)
{
    uint8_t *entry = hypercall_page + number * 32;
    long result;
#ifdef __x86_64__
    register unsigned long r10 asm("r10") = a4;
    register unsigned long r8 asm("r8") = a5;
    asm volatile("call *%[entry]"
                 : "=a"(result), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10), "+r"(r8)
                 : [entry] "0"(entry) : "memory", "rcx", "r11", "r9");
#else
    asm volatile("call *%%eax"
                 : "=a"(result), "+b"(a1), "+c"(a2), "+d"(a3), "+S"(a4), "+D"(a5)
                 : "0"(entry) : "memory");
#endif
    return result;
}

#define ARG(x) ((unsigned long)(x))
#define hypercall0(n) hypercall(n, 0, 0, 0, 0, 0)
#define hypercall1(n, a) hypercall(n, ARG(a), 0, 0, 0, 0)
#define hypercall2(n, a, b) hypercall(n, ARG(a), ARG(b), 0, 0, 0)
#define hypercall3(n, a, b, c) hypercall(n, ARG(a), ARG(b), ARG(c), 0, 0)

static inline long xen_version(int cmd, void *arg) { return hypercall2(__HYPERVISOR_xen_version, cmd, arg); }
static inline long evtchn_op(int cmd, void *arg) { return hypercall2(__HYPERVISOR_event_channel_op, cmd, arg); }
static inline long memory_op(unsigned long cmd, void *arg) { return hypercall2(__HYPERVISOR_memory_op, cmd, arg); }
static inline long sched_op(int cmd, void *arg) { return hypercall2(__HYPERVISOR_sched_op, cmd, arg); }
static inline long hvm_op(unsigned long cmd, void *arg) { return hypercall2(__HYPERVISOR_hvm_op, cmd, arg); }
static inline long physdev_op(int cmd, void *arg) { return hypercall2(__HYPERVISOR_physdev_op, cmd, arg); }

static inline long vcpu_op(int cmd, unsigned vcpu, void *arg)
{
    return hypercall3(__HYPERVISOR_vcpu_op, cmd, vcpu, arg);
}

static inline long grant_op(unsigned cmd, void *arg, unsigned count)
{
    return hypercall3(__HYPERVISOR_grant_table_op, cmd, arg, count);
}

static inline long console_io(int cmd, int count, const void *text)
{
    return hypercall3(__HYPERVISOR_console_io, cmd, count, text);
}

static inline long set_timer_op(uint64_t deadline)
{
#ifdef __x86_64__
    return hypercall1(__HYPERVISOR_set_timer_op, deadline);
#else
    return hypercall2(__HYPERVISOR_set_timer_op, (uint32_t)deadline, (uint32_t)(deadline >> 32));
#endif
}

#endif
