/* Counting of checks and the end of a run. */
#include "guest.h"

static u32 passed, failed;
static u32 finished;

static bool small(long long value)
{
    return value > -4096 && value < 65536;
}

static void print_value(const char *before, long long value)
{
    if (small(value))
        print("%s%lld", before, value);
    else
        print("%s0x%llx", before, value);
}

static void report(long long got, long long want, const char *file, int line, const char *expression)
{
    print("FAIL %s:%d ", file, line);
    console_write(expression, strlen(expression));
    print_value(" got ", got);
    print_value(" want ", want);
    print("\n");
}

bool check_(long long got, long long want, const char *file, int line, const char *expression)
{
    if (got == want) {
        __atomic_fetch_add(&passed, 1, __ATOMIC_RELAXED);
        return true;
    }
    __atomic_fetch_add(&failed, 1, __ATOMIC_RELAXED);
    report(got, want, file, line, expression);
    return false;
}

bool check_either_(long long got, long long want, long long other, const char *file, int line, const char *expression)
{
    return check_(got, got == other ? other : want, file, line, expression);
}

/* The only way out: prints the line the harness looks for. A second caller (another vCPU) waits for the first. */
void finish(void)
{
    irq_disable();
    while (__atomic_exchange_n(&finished, 1, __ATOMIC_ACQUIRE))
        cpu_relax();
    print("guest-test %s: %u passed, %u failed\n", guest_name, passed, failed);
    console_flush();
    shutdown(SHUTDOWN_poweroff);
}
