/* What a test guest uses. Each guest defines guest_name and guest_main(); returning from it ends the run. */
#ifndef GUEST_H
#define GUEST_H

#include <stdarg.h>

#include "x86.h"
#include "hypercall.h"

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef unsigned long long u64;

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PAGE_ALIGNED __attribute__((aligned(PAGE_BYTES)))
#ifdef __x86_64__
#define GUEST_BITS 64
#define MAX_PORTS_2L 4096
#else
#define GUEST_BITS 32
#define MAX_PORTS_2L 1024
#endif

extern const char guest_name[];
void guest_main(void);

/* check.c: results. A failed check prints one line and the run goes on. */
#define CHECK(condition) check_(!!(condition), 1, __FILE__, __LINE__, #condition)
#define CHECK_EQ(expression, want) check_((long long)(expression), (long long)(want), __FILE__, __LINE__, #expression)
#define CHECK_EITHER(expression, want, other) \
    check_either_((long long)(expression), (long long)(want), (long long)(other), __FILE__, __LINE__, #expression)
bool check_(long long got, long long want, const char *file, int line, const char *expression);
bool check_either_(long long got, long long want, long long other, const char *file, int line, const char *expression);
void finish(void) __attribute__((noreturn));
void fatal(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* print.c, console.c. print() takes %s %c %d %u %x %p with l and ll, widths with 0. One call is one piece of output. */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void console_start(void);
void console_use_hypercall(void);
void console_write(const char *text, unsigned length);
void console_flush(void);

/* options.c: the command line, words of name=value. */
void options_start(const struct hvm_start_info *info);
const char *option(const char *name);
bool option_is(const char *name, const char *value);
u64 option_number(const char *name, u64 otherwise);

/* memory.c */
void *memset(void *to, int value, size_t n);
void *memcpy(void *to, const void *from, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
void memory_start(const struct hvm_start_info *info);
void *alloc_pages(unsigned count);      /* zeroed, never given back */
static inline void *alloc_page(void) { return alloc_pages(1); }
void *window_map(unsigned page, u64 physical);
void window_unmap(unsigned page);
void *bad_pointer_after(unsigned bytes);    /* `bytes` good bytes, then an unmapped page */
static inline u64 gfn_of(const void *p) { return (uintptr_t)p >> PAGE_BITS; }
#define UNMAPPED_POINTER ((void *)(WINDOW_BASE + (WINDOW_PAGES - 1) * PAGE_BYTES))
#define HOLE_POINTER ((void *)0xe0000000ul)     /* mapped by the guest, but no RAM behind it */
#ifdef __x86_64__
#define NONCANONICAL_POINTER ((void *)0x8000600000000000ul)
#endif
extern void *const bad_pointers[];
extern const unsigned bad_pointer_count;
#define FOR_EACH_BAD_POINTER(p) \
    for (void *const *p##_at = bad_pointers, *p; p##_at < bad_pointers + bad_pointer_count && (p = *p##_at, 1); p##_at++)
/* Guest frames outside RAM that the runtime and the guests map special pages at. */
#define SHARED_INFO_GFN 0xf0000ul
#define GRANT_TABLE_GFN 0xf0010ul
#define FREE_GFN 0xf0100ul
extern struct hvm_memmap_table_entry memory_map[16];
extern unsigned memory_map_entries;
extern u64 ram_pages, rsdp_address;

/* traps.c */
struct trap_frame {
#ifdef __x86_64__
    unsigned long r15, r14, r13, r12, r11, r10, r9, r8, di, si, bp, bx, dx, cx, ax;
#else
    unsigned long di, si, bp, unused_sp, bx, dx, cx, ax;
#endif
    unsigned long vector, error, ip, cs, flags, sp, ss;
};
typedef void interrupt_handler(struct trap_frame *frame);
void traps_start(void);
void traps_load(void);                  /* on each vCPU */
void set_handler(u8 vector, interrupt_handler *handler);
struct interrupt_frame;
typedef void direct_handler(struct interrupt_frame *frame);    /* with __attribute__((interrupt)) */
void set_direct_handler(u8 vector, direct_handler *handler);   /* saves only what it uses itself */
void use_stub_of(u8 vector, u8 other);  /* for an interrupt at the vector of an exception that has an error code */
int run_in_user(void (*entry)(void), void *stack_top);     /* gives the vector that ended it */

/* events.c: 2-level events by the callback vector; every event is counted per port. */
#define EVENT_VECTOR 0xf3
extern struct shared_info *shared_info;
extern volatile u32 event_count[MAX_PORTS_2L];
extern volatile u8 event_cpu[MAX_PORTS_2L];
extern void (*event_handler)(unsigned port);    /* in addition, 0: none */
extern void (*upcall_function)(void);           /* what an upcall does: the 2-level scan, unless a guest replaces it */
void events_start(void);
void events_scan(void);
long hvm_set_param(unsigned index, u64 value);
long hvm_get_param(unsigned index, u64 *value);
void event_mask(unsigned port);
void event_unmask(unsigned port);
bool event_pending(unsigned port);
void event_clear(unsigned port);
long event_send(unsigned port);
long event_close(unsigned port);
int event_alloc_unbound(unsigned remote);       /* a port, or an error */
int event_bind_interdomain(unsigned remote, unsigned remote_port);
int event_bind_ipi(unsigned vcpu);
int event_bind_virq(unsigned virq, unsigned vcpu);
unsigned own_domid(void);
int event_pair(unsigned *other);        /* two ports of this domain bound to each other */

/* time.c: nanoseconds of system time of this vCPU's clock. */
u64 now(void);
u64 clock_of(const struct vcpu_time_info *time);
void delay(u64 nanoseconds);
#define MS 1000000ull
#define WAIT_FOR(condition, milliseconds)                                              \
    ({                                                                                 \
        u64 deadline_ = now() + (milliseconds) * MS;                                   \
        bool is_met_;                                                                  \
        while (!(is_met_ = (condition)) && now() < deadline_)                          \
            cpu_relax();                                                               \
        is_met_ || (condition); /* a look after the time, but not after success */     \
    })

/* lapic.c: x2APIC or xAPIC, by what APIC_BASE says. */
enum {
    APIC_ID = 0x20, APIC_VERSION = 0x30, APIC_TPR = 0x80, APIC_PPR = 0xa0, APIC_EOI = 0xb0, APIC_LDR = 0xd0,
    APIC_DFR = 0xe0, APIC_SVR = 0xf0, APIC_ISR = 0x100, APIC_TMR = 0x180, APIC_IRR = 0x200, APIC_ESR = 0x280,
    APIC_ICR = 0x300, APIC_ICR2 = 0x310, APIC_LVT_TIMER = 0x320, APIC_LVT_PERF = 0x340, APIC_LVT_LINT0 = 0x350,
    APIC_LVT_LINT1 = 0x360, APIC_LVT_ERROR = 0x370, APIC_TIMER_COUNT = 0x380, APIC_TIMER_CURRENT = 0x390,
    APIC_TIMER_DIVIDE = 0x3e0, APIC_SELF_IPI = 0x3f0,
};
#define ICR_FIXED 0x000
#define ICR_NMI 0x400
#define ICR_INIT 0x500
#define ICR_STARTUP 0x600
#define ICR_ASSERT 0x4000
#define ICR_SELF 0x40000
#define ICR_ALL 0x80000
#define ICR_OTHERS 0xc0000
bool apic_is_x2(void);
bool apic_enable_x2(void);              /* false where CPUID has none */
u32 apic_read(unsigned reg);
void apic_write(unsigned reg, u32 value);
void apic_send(u32 destination, u32 command);
void apic_start(void);                  /* software enable, spurious vector 0xff */
void apic_eoi(void);
int apic_id_of(unsigned cpu);           /* from the MADT, -1: not there */
unsigned apic_count(void);

/* smp.c */
extern u8 cpu_areas[];
static inline struct cpu *cpu_area(unsigned index) { return (struct cpu *)(cpu_areas + index * CPU_AREA_SIZE); }
unsigned cpu_limit(void);               /* how many vCPUs this domain has */
long cpu_prepare(unsigned index, struct vcpu_hvm_context *context);    /* VCPUOP_initialise into the runtime's entry */
bool cpu_start(unsigned index);         /* initialise, up, wait until it runs */
bool cpu_start_by_sipi(unsigned index);
bool cpu_wait_online(unsigned index);
void cpu_run(unsigned index, void (*job)(void *), void *argument);
bool cpu_wait(unsigned index, unsigned milliseconds);   /* until its job is done */

struct lock { volatile u32 held; };
static inline void lock(struct lock *l)
{
    while (__atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE))
        cpu_relax();
}
static inline void unlock(struct lock *l) { __atomic_store_n(&l->held, 0, __ATOMIC_RELEASE); }

/* grants.c */
extern struct grant_entry_v1 *grant_table;
long grant_table_frame(unsigned index, u64 gfn);    /* maps that frame of the table at gfn */
void grants_start(void);
void grant_access(unsigned ref, unsigned domid, u64 gfn, bool readonly);
bool grant_end(unsigned ref);           /* false: in use */
int grant_map(unsigned domid, unsigned ref, unsigned flags, u64 gfn, u32 *handle);   /* the call's error, or GNTST_ */
int grant_unmap(u64 gfn, u32 handle);

/* pair.c: for guests that are started twice, with role=server|client domid=N peer=M */
#define PAIR_REF 100
#define PAIR_GFN (FREE_GFN + 0x1000)
struct pair_page { volatile u32 client_ready, met[2], words[64]; };
extern bool pair_is_server;
extern unsigned pair_self, pair_peer, pair_port;
extern struct pair_page *pair_page;
extern u32 pair_handle;                 /* the client's, of the control page */
void pair_start(void);
bool pair_meet(unsigned milliseconds);
int pair_bind_next(unsigned *from);     /* a further port that the peer opened, -1: none; *from starts with 1 */

/* start.c */
extern u32 xen_leaf;                    /* first CPUID leaf of the hypervisor */
bool on_xen(void);                      /* the reference run: reference=xen on the command line */
#define NO_DOMAIN 0x7fefu               /* the last id that could be a domain's */
void shutdown(unsigned reason) __attribute__((noreturn));

#endif
