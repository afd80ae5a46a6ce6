/* The paravirtual clock. */
#include "guest.h"

static u64 scale(u64 cycles, const struct vcpu_time_info *time)
{
    if (time->tsc_shift < 0)
        cycles >>= -time->tsc_shift;
    else
        cycles <<= time->tsc_shift;
    return ((u64)(u32)cycles * time->tsc_to_system_mul >> 32) + (cycles >> 32) * time->tsc_to_system_mul;
}

u64 clock_of(const struct vcpu_time_info *shared)
{
    const volatile struct vcpu_time_info *live = shared;
    struct vcpu_time_info copy;
    u32 version;
    u64 tsc;
    do {
        version = live->version & ~1u;
        barrier();
        copy.tsc_timestamp = live->tsc_timestamp;
        copy.system_time = live->system_time;
        copy.tsc_to_system_mul = live->tsc_to_system_mul;
        copy.tsc_shift = live->tsc_shift;
        tsc = rdtsc();
        barrier();
    } while (live->version != version);
    return copy.system_time + scale(tsc - copy.tsc_timestamp, &copy);
}

u64 now(void)
{
    return clock_of(&this_cpu()->info->time);
}

void delay(u64 nanoseconds)
{
    u64 end = now() + nanoseconds;
    while (now() < end)
        cpu_relax();
}
