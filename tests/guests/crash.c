/*
 * Ends its domain in the way that how= names; the reason on the right is what the toolstack must see:
 *   triple (the default)  triple fault                          crash, or reboot as Xen's domain configuration says
 *   crash, reboot, suspend, poweroff   SCHEDOP_shutdown         the same
 *   code                  SCHEDOP_shutdown_code, then HLT       the code's
 *   watchdog              a watchdog nobody pats                watchdog
 *   down                  the last vCPU goes down               poweroff
 *   halt                  HLT with interrupts off, all vCPUs    poweroff
 */
#include "guest.h"

const char guest_name[] = "crash";

static void triple_fault(void)
{
    static const struct __attribute__((packed)) { u16 limit; unsigned long base; } none = { 0, 0 };
    asm volatile("lidt %0\n\tud2" :: "m"(none));
}

static void halt(void)
{
    for (;;)
        asm volatile("cli\n\thlt");
}

static void shutdown_by_name(const char *how)
{
    static const struct { const char *name; unsigned reason; } reasons[] = {
        { "crash", SHUTDOWN_crash }, { "reboot", SHUTDOWN_reboot }, { "poweroff", SHUTDOWN_poweroff },
        { "suspend", SHUTDOWN_suspend },
    };
    for (unsigned i = 0; i < ARRAY_SIZE(reasons); i++)
        if (!strcmp(how, reasons[i].name))
            shutdown(reasons[i].reason);
}

void guest_main(void)
{
    const char *how = option("how");
    how = how ? how : "triple";
    print("crash: by %s\n", how);
    console_flush();
    shutdown_by_name(how);
    if (!strcmp(how, "watchdog")) {
        struct sched_watchdog w = { .id = 0, .timeout = 1 };
        CHECK_EQ(sched_op(SCHEDOP_watchdog, &w), 1);
        for (;;)
            cpu_relax();
    }
    if (!strcmp(how, "code")) {
        struct sched_shutdown code = { SHUTDOWN_crash };
        CHECK_EQ(sched_op(SCHEDOP_shutdown_code, &code), 0);
        halt();
    }
    if (!strcmp(how, "down"))
        vcpu_op(VCPUOP_down, 0, 0);
    if (!strcmp(how, "halt"))
        halt();
    if (!strcmp(how, "triple"))
        triple_fault();
    fatal("%s did not end the domain", how);
}
