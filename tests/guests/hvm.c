/* hvm_op, console_io, multicall, physdev_op, platform_op and what else a guest may not do. */
#include "guest.h"

#include <xen/io/console.h>

const char guest_name[] = "hvm";

static void parameters(void)
{
    unsigned long long value;
    struct xen_hvm_param other = { .domid = NO_DOMAIN, .index = HVM_PARAM_CALLBACK_IRQ };
    CHECK_EQ(hvm_get_param(HVM_PARAM_CALLBACK_IRQ, &value), 0);
    CHECK_EQ(value, (u64)HVM_PARAM_CALLBACK_TYPE_VECTOR << 56 | EVENT_VECTOR);
    CHECK_EQ(hvm_get_param(HVM_PARAM_CONSOLE_PFN, &value), 0);
    CHECK_EQ(hvm_get_param(HVM_PARAM_STORE_PFN, &value), 0);
    CHECK_EQ(hvm_get_param(HVM_NR_PARAMS, &value), -EINVAL);
    CHECK_EQ(hvm_get_param(~0u, &value), -EINVAL);
    CHECK_EQ(hvm_set_param(HVM_NR_PARAMS, 0), -EINVAL);
    CHECK(hvm_set_param(HVM_PARAM_CONSOLE_PFN, 1) < 0);         /* the toolstack's to say */
    CHECK(hvm_get_param(HVM_PARAM_IOREQ_PFN, &value) < 0);
    CHECK_EQ(hvm_op(HVMOP_get_param, &other), -ESRCH);
    CHECK_EQ(hvm_op(HVMOP_set_param, &other), -ESRCH);
    other.domid = 0;
    CHECK(hvm_op(HVMOP_get_param, &other) < 0);
    FOR_EACH_BAD_POINTER(p) {
        CHECK_EQ(hvm_op(HVMOP_get_param, p), -EFAULT);
        CHECK_EQ(hvm_op(HVMOP_set_param, p), -EFAULT);
    }
    CHECK_EQ(hvm_op(HVMOP_get_param, bad_pointer_after(sizeof(other) - 1)), -EFAULT);
}

static void other_operations(void)
{
    static u8 zeroes[64];
    CHECK(hvm_op(HVMOP_flush_tlbs, 0) == 0 || !on_xen());
    CHECK_EQ(hvm_op(26, zeroes), -ENOSYS);
    CHECK_EQ(hvm_op(100, zeroes), -ENOSYS);
    CHECK_EQ(hvm_op(~0ul, zeroes), -ENOSYS);
}

static void console(void)
{
    char text[] = "hvm: by console_io\n";
    if (on_xen()) {                             /* a release build keeps it from guests */
        CHECK_EQ(console_io(CONSOLEIO_write, sizeof(text) - 1, text), -EPERM);
        return;
    }
    CHECK_EQ(console_io(CONSOLEIO_write, sizeof(text) - 1, text), 0);
    CHECK_EQ(console_io(CONSOLEIO_write, 0, text), 0);
    CHECK(console_io(CONSOLEIO_read, sizeof(text), text) <= (long)sizeof(text));
    FOR_EACH_BAD_POINTER(p)
        CHECK_EQ(console_io(CONSOLEIO_write, 4, p), -EFAULT);
    CHECK_EQ(console_io(2, 4, text), -ENOSYS);
    CHECK_EQ(console_io(-1, 4, text), -ENOSYS);
}

static void multicalls(void)
{
    static struct multicall_entry calls[300];
    struct evtchn_alloc_unbound alloc = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
    memset(calls, 0, sizeof(calls));
    calls[0].op = __HYPERVISOR_xen_version;
    calls[0].args[0] = XENVER_version;
    calls[1].op = 63;
    calls[2].op = __HYPERVISOR_event_channel_op;
    calls[2].args[0] = EVTCHNOP_alloc_unbound;
    calls[2].args[1] = ARG(&alloc);
    calls[3].op = __HYPERVISOR_xen_version;
    calls[3].args[0] = XENVER_extraversion;
    calls[3].args[1] = ARG(UNMAPPED_POINTER);
    calls[4].op = __HYPERVISOR_sched_op;
    calls[4].args[0] = SCHEDOP_yield;
    CHECK_EQ(hypercall2(__HYPERVISOR_multicall, calls, 5), 0);
    CHECK_EQ((long)calls[0].result, 4 << 16 | 17);
    CHECK_EQ((long)calls[1].result, -ENOSYS);
    CHECK_EQ((long)calls[2].result, 0);
    CHECK(alloc.port > 0);
    CHECK_EQ((long)calls[3].result, -EFAULT);
    CHECK_EQ((long)calls[4].result, 0);
    event_close(alloc.port);
    for (unsigned i = 0; i < 300; i++) {
        calls[i] = (struct multicall_entry){ .op = __HYPERVISOR_xen_version, .result = 77 };
        calls[i].args[0] = i % 2 ? XENVER_version : XENVER_pagesize;
    }
    CHECK_EQ(hypercall2(__HYPERVISOR_multicall, calls, 300), 0);
    unsigned wrong = 0;
    for (unsigned i = 0; i < 300; i++)
        wrong += (long)calls[i].result != (i % 2 ? 4 << 16 | 17 : PAGE_BYTES);
    CHECK_EQ(wrong, 0);
    CHECK_EQ(hypercall2(__HYPERVISOR_multicall, calls, 0), 0);
    FOR_EACH_BAD_POINTER(p)
        CHECK_EQ(hypercall2(__HYPERVISOR_multicall, p, 1), -EFAULT);
    struct multicall_entry *crossing = bad_pointer_after(sizeof(calls[0]));
    *crossing = (struct multicall_entry){ .op = __HYPERVISOR_xen_version, .result = 77 };
    CHECK_EQ(hypercall2(__HYPERVISOR_multicall, crossing, 2), -EFAULT);
    CHECK_EQ((long)crossing->result, 4 << 16 | 17);     /* what came before the fault is done */
}

static void no_devices(void)
{
    static u8 zeroes[256];
    for (int op = 0; op < 40; op++)
        CHECK(physdev_op(op, zeroes) < 0);
    CHECK_EQ(physdev_op(PHYSDEVOP_map_pirq, zeroes), -ENOSYS);
    CHECK_EQ(physdev_op(PHYSDEVOP_eoi, zeroes), -ENOSYS);
    CHECK_EQ(physdev_op(PHYSDEVOP_pci_device_add, zeroes), -ENOSYS);
    CHECK_EQ(physdev_op(1000, zeroes), -ENOSYS);
    static struct xen_platform_op platform;
    platform.cmd = XENPF_settime64;
    platform.interface_version = XENPF_INTERFACE_VERSION;
    CHECK_EITHER(hypercall1(__HYPERVISOR_platform_op, &platform), -EPERM, -ENOSYS);
    CHECK(hypercall1(__HYPERVISOR_sysctl, zeroes) < 0);
    CHECK(hypercall1(__HYPERVISOR_domctl, zeroes) < 0);
    CHECK(hypercall3(__HYPERVISOR_dm_op, 0, 0, zeroes) < 0);
    CHECK(hypercall2(__HYPERVISOR_kexec_op, 0, zeroes) < 0);
    FOR_EACH_BAD_POINTER(p) {
        CHECK(hypercall1(__HYPERVISOR_platform_op, p) < 0);
        CHECK(hypercall1(__HYPERVISOR_sysctl, p) < 0);
        CHECK(hypercall1(__HYPERVISOR_domctl, p) < 0);
    }
}

/* The console's ring, where there is one: what is written is taken, indices that make no sense harm nobody. */
static void console_ring(void)
{
    unsigned long long gfn = 0, port = 0;
    if (on_xen() || hvm_get_param(HVM_PARAM_CONSOLE_PFN, &gfn) || hvm_get_param(HVM_PARAM_CONSOLE_EVTCHN, &port) || !gfn)
        return;
    struct xencons_interface *ring = (void *)(uintptr_t)(gfn << PAGE_BITS);
    console_flush();
    CHECK_EQ(ring->out_cons, ring->out_prod);
    print("hvm: a line through the ring\n");
    CHECK(WAIT_FOR(ring->out_cons == ring->out_prod, 2000));
    XENCONS_RING_IDX good = ring->out_prod;
    ring->out_prod = good + 5000;
    CHECK_EQ(event_send(port), 0);
    delay(5 * MS);
    ring->out_prod = good - 1;
    event_send(port);
    delay(5 * MS);
    ring->out_prod = ring->out_cons = good;
    event_send(port);
    console_use_hypercall();
}

void guest_main(void)
{
    parameters();
    other_operations();
    console();
    multicalls();
    no_devices();
    console_ring();
    print("\n"); /* what the ring held came out just now: the summary starts a line of its own */
}
