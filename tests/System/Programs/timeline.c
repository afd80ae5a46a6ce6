// When a Linux guest's vCPU ran: reads the time stamp counter as fast as it can, and takes a jump for time that others had.
//
//   timeline SECONDS GAP_US [list]
//
// runs for so long, or until SIGTERM, and prints "ran MS of MS, N gaps, longest US"; with "list" before that each turn:
// "turn START_US LENGTH_US".

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_TURNS = 200000 };

static struct {
    uint64_t start, end;
} turns[MOST_TURNS];

static volatile sig_atomic_t stop;

static void on_term(int signal)
{
    (void)signal;
    stop = 1;
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

// Ticks in a millisecond, from a tenth of a second.
static uint64_t ticks_per_ms(void)
{
    uint64_t start_ns = now_ns(), start = __builtin_ia32_rdtsc(), ns;
    do
        ns = now_ns() - start_ns;
    while (ns < 100000000);
    return (__builtin_ia32_rdtsc() - start) * 1000000 / ns;
}

static int watch(uint64_t ticks, uint64_t gap)
{
    uint64_t last = __builtin_ia32_rdtsc(), end = last + ticks;
    int turn = 0;
    turns[0].start = last;
    while (last < end && !stop && turn < MOST_TURNS - 1) {
        uint64_t now = __builtin_ia32_rdtsc();
        if (now - last > gap) {
            turns[turn++].end = last;
            turns[turn].start = now;
        }
        last = now;
    }
    turns[turn].end = last;
    return turn + 1;
}

static unsigned long long microseconds(uint64_t ticks, uint64_t per_ms)
{
    return ticks * 1000 / per_ms;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: timeline SECONDS GAP_US [list]\n");
        return 2;
    }
    signal(SIGTERM, on_term);
    uint64_t per_ms = ticks_per_ms(), ran = 0, longest = 0;
    int count = watch((uint64_t)(atof(argv[1]) * 1000 * per_ms), atoi(argv[2]) * per_ms / 1000);
    for (int i = 0; i < count; i++) {
        ran += turns[i].end - turns[i].start;
        if (i > 0 && turns[i].start - turns[i - 1].end > longest)
            longest = turns[i].start - turns[i - 1].end;
        if (argc > 3 && !strcmp(argv[3], "list"))
            printf("turn %llu %llu\n", microseconds(turns[i].start - turns[0].start, per_ms),
                microseconds(turns[i].end - turns[i].start, per_ms));
    }
    printf("ran %llu of %llu ms, %d gaps, longest %llu us\n", (unsigned long long)(ran / per_ms),
        (unsigned long long)((turns[count - 1].end - turns[0].start) / per_ms), count - 1, microseconds(longest, per_ms));
    return 0;
}
