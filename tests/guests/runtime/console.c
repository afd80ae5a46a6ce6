/*
 * The console: the PV ring where the domain has one, else console_io; console=io on the command line forces that.
 * console=e9 is for a release build of Xen, which refuses console_io to guests but shows what they write to port 0xe9.
 */
#include "guest.h"

#include <xen/io/console.h>

#define PATIENCE 200000     /* yields for a reader that does not read */

static struct xencons_interface *ring;
static unsigned ring_port;
static bool use_port;
static struct lock console_lock;

void console_start(void)
{
    u64 gfn = 0, port = 0;
    use_port = option_is("console", "e9");
    if (use_port || option_is("console", "io"))
        return;
    if (hvm_get_param(HVM_PARAM_CONSOLE_PFN, &gfn) || hvm_get_param(HVM_PARAM_CONSOLE_EVTCHN, &port))
        return;
    if (!gfn || gfn >= 0x100000 || !port)
        return;
    ring = (void *)(uintptr_t)(gfn << PAGE_BITS);
    ring_port = port;
}

/* For what takes the ring's event channel away. */
void console_use_hypercall(void)
{
    console_flush();
    ring = 0;
}

static XENCONS_RING_IDX used(void)
{
    return __atomic_load_n(&ring->out_prod, __ATOMIC_SEQ_CST) - __atomic_load_n(&ring->out_cons, __ATOMIC_SEQ_CST);
}

static bool wait_for_room(XENCONS_RING_IDX most)
{
    for (unsigned i = 0; i < PATIENCE; i++) {
        if (used() <= most)
            return true;
        event_send(ring_port);
        sched_op(SCHEDOP_yield, 0);
    }
    return false;
}

static unsigned ring_write(const char *text, unsigned length)
{
    unsigned done = 0;
    while (done < length && wait_for_room(sizeof(ring->out) - 1)) {
        XENCONS_RING_IDX to = ring->out_prod;
        for (; done < length && used() + (to - ring->out_prod) < sizeof(ring->out); done++, to++)
            ring->out[MASK_XENCONS_IDX(to, ring->out)] = text[done];
        __atomic_store_n(&ring->out_prod, to, __ATOMIC_SEQ_CST);
        event_send(ring_port);
    }
    return done;
}

void console_write(const char *text, unsigned length)
{
    unsigned long flags = irq_save();
    unsigned done = 0;
    lock(&console_lock);
    if (ring)
        done = ring_write(text, length);
    for (; use_port && done < length; done++)
        outb(0xe9, text[done]);
    if (done < length)
        console_io(CONSOLEIO_write, length - done, text + done);
    unlock(&console_lock);
    irq_restore(flags);
}

void console_flush(void)
{
    if (ring)
        wait_for_room(0);
}
