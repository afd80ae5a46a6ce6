/* A hostile neighbour: every vCPU sends events as fast as it can, to itself, to the console, to its peer if it has one. */
#include "guest.h"

const char guest_name[] = "flood";

static volatile u32 stop;
static unsigned other;
static int port;
static unsigned long long console_port;

static void flood(void *unused)
{
    (void)unused;
    irq_enable();
    while (!stop) {
        event_send(port);
        event_send(other);
        if (console_port)
            event_send(console_port);
        if (pair_port)
            event_send(pair_port);
    }
    irq_disable();
}

void guest_main(void)
{
    u64 seconds = option_number("time", 0);
    unsigned count = cpu_limit();
    port = event_pair(&other);
    CHECK(port > 0);
    if (hvm_get_param(HVM_PARAM_CONSOLE_EVTCHN, &console_port))
        console_port = 0;
    if (option("role"))
        pair_start();
    event_unmask(other);
    event_unmask(port);
    for (unsigned i = 1; i < count; i++)
        if (CHECK(cpu_start(i)))
            cpu_run(i, flood, 0);
    print("flood: %u vCPUs sending\n", count);
    u64 end = now() + seconds * 1000 * MS;
    irq_enable();
    while (!seconds || now() < end) {
        event_send(port);
        event_send(other);
        if (console_port)
            event_send(console_port);
    }
    irq_disable();
    stop = 1;
    CHECK(event_count[other] > 0);
}
