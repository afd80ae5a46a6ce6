/* A hostile neighbour: every vCPU computes without end, with interrupts off. time= ends it after so many seconds. */
#include "guest.h"

const char guest_name[] = "spin";

static volatile u32 stop;

static void spin(void *unused)
{
    (void)unused;
    irq_disable();
    while (!stop)
        barrier();
}

void guest_main(void)
{
    unsigned count = cpu_limit();
    u64 seconds = option_number("time", 0), start = now();
    for (unsigned i = 1; i < count; i++)
        if (CHECK(cpu_start(i)))
            cpu_run(i, spin, 0);
    print("spin: %u vCPUs spinning\n", count);
    irq_disable();
    while (!seconds || now() < start + seconds * 1000 * MS)
        barrier();
    stop = 1;
}
