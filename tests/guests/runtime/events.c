/* Event channels, 2-level ABI, delivered through the callback vector. */
#include "guest.h"

#define WORD_BITS (sizeof(unsigned long) * 8)

struct shared_info *shared_info;
volatile u32 event_count[MAX_PORTS_2L];
volatile u8 event_cpu[MAX_PORTS_2L];
void (*event_handler)(unsigned port);
void (*upcall_function)(void) = events_scan;

static unsigned long *word_of(xen_ulong_t *words, unsigned port) { return (unsigned long *)words + port / WORD_BITS; }
static unsigned long bit_of(unsigned port) { return 1ul << port % WORD_BITS; }

static void take_event(unsigned port)
{
    event_clear(port);
    event_cpu[port] = this_cpu()->index;
    __atomic_fetch_add(&event_count[port], 1, __ATOMIC_RELAXED);
    if (event_handler)
        event_handler(port);
}

static void scan_word(unsigned index)
{
    unsigned long *pending = (unsigned long *)shared_info->evtchn_pending + index;
    unsigned long *mask = (unsigned long *)shared_info->evtchn_mask + index;
    unsigned long ready;
    while ((ready = *(volatile unsigned long *)pending & ~*(volatile unsigned long *)mask))
        take_event(index * WORD_BITS + __builtin_ctzl(ready));
}

void events_scan(void)
{
    struct vcpu_info *info = this_cpu()->info;
    while (__atomic_exchange_n(&info->evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST)) {
        unsigned long selected = __atomic_exchange_n((unsigned long *)&info->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
        for (; selected; selected &= selected - 1)
            scan_word(__builtin_ctzl(selected));
    }
}

static void upcall(struct trap_frame *frame)
{
    (void)frame;
    this_cpu()->upcalls++;
    upcall_function();
}

void events_start(void)
{
    struct xen_add_to_physmap map = { DOMID_SELF, 0, XENMAPSPACE_shared_info, 0, SHARED_INFO_GFN };
    long error = memory_op(XENMEM_add_to_physmap, &map);
    if (error)
        fatal("add_to_physmap of the shared info page: %ld", error);
    set_handler(EVENT_VECTOR, upcall);
    error = hvm_set_param(HVM_PARAM_CALLBACK_IRQ, (u64)HVM_PARAM_CALLBACK_TYPE_VECTOR << 56 | EVENT_VECTOR);
    if (error)
        fatal("the callback vector: %ld", error);
    shared_info = (void *)(SHARED_INFO_GFN << PAGE_BITS);
    memset(shared_info->evtchn_mask, 0xff, sizeof(shared_info->evtchn_mask));
    this_cpu()->info = &shared_info->vcpu_info[0];
}

long hvm_set_param(unsigned index, u64 value)
{
    struct xen_hvm_param p = { .domid = DOMID_SELF, .index = index, .value = value };
    return hvm_op(HVMOP_set_param, &p);
}

long hvm_get_param(unsigned index, u64 *value)
{
    struct xen_hvm_param p = { .domid = DOMID_SELF, .index = index };
    long result = hvm_op(HVMOP_get_param, &p);
    *value = p.value;
    return result;
}

void event_mask(unsigned port)
{
    __atomic_fetch_or(word_of(shared_info->evtchn_mask, port), bit_of(port), __ATOMIC_SEQ_CST);
}

void event_unmask(unsigned port)
{
    struct evtchn_unmask unmask = { port };
    evtchn_op(EVTCHNOP_unmask, &unmask);
}

bool event_pending(unsigned port)
{
    return __atomic_load_n(word_of(shared_info->evtchn_pending, port), __ATOMIC_SEQ_CST) & bit_of(port);
}

void event_clear(unsigned port)
{
    __atomic_fetch_and(word_of(shared_info->evtchn_pending, port), ~bit_of(port), __ATOMIC_SEQ_CST);
}

long event_send(unsigned port)
{
    struct evtchn_send send = { port };
    return evtchn_op(EVTCHNOP_send, &send);
}

long event_close(unsigned port)
{
    struct evtchn_close close = { port };
    return evtchn_op(EVTCHNOP_close, &close);
}

int event_alloc_unbound(unsigned remote)
{
    struct evtchn_alloc_unbound alloc = { .dom = DOMID_SELF, .remote_dom = remote };
    long error = evtchn_op(EVTCHNOP_alloc_unbound, &alloc);
    return error ? error : (int)alloc.port;
}

int event_bind_interdomain(unsigned remote, unsigned remote_port)
{
    struct evtchn_bind_interdomain bind = { .remote_dom = remote, .remote_port = remote_port };
    long error = evtchn_op(EVTCHNOP_bind_interdomain, &bind);
    return error ? error : (int)bind.local_port;
}

int event_bind_ipi(unsigned vcpu)
{
    struct evtchn_bind_ipi bind = { .vcpu = vcpu };
    long error = evtchn_op(EVTCHNOP_bind_ipi, &bind);
    return error ? error : (int)bind.port;
}

int event_bind_virq(unsigned virq, unsigned vcpu)
{
    struct evtchn_bind_virq bind = { .virq = virq, .vcpu = vcpu };
    long error = evtchn_op(EVTCHNOP_bind_virq, &bind);
    return error ? error : (int)bind.port;
}

int event_pair(unsigned *other)
{
    int first = event_alloc_unbound(DOMID_SELF);
    if (first >= 0)
        *other = event_bind_interdomain(DOMID_SELF, first);
    return first;
}

/* No call tells a domain its id, but a port opened for oneself names it. */
unsigned own_domid(void)
{
    struct evtchn_status status = { .dom = DOMID_SELF };
    int port = event_alloc_unbound(DOMID_SELF);
    status.port = port;
    evtchn_op(EVTCHNOP_status, &status);
    event_close(port);
    return status.u.unbound.dom;
}
