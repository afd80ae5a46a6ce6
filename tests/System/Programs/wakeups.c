// How late a mostly idle Linux guest is: sleeps, looks how long after the time it runs, computes a little, sleeps again.
//
//   wakeups COUNT SLEEP_US WORK_US
//
// prints "late: half US, 95% US, worst US".

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
    int count = argc == 4 ? atoi(argv[1]) : 0;
    if (count < 20) {
        fprintf(stderr, "usage: wakeups COUNT SLEEP_US WORK_US, and a count of 20 at least\n");
        return 2;
    }
    uint64_t *late = calloc(count, sizeof *late), sleep_ns = atoll(argv[2]) * 1000, work_ns = atoll(argv[3]) * 1000;
    if (!late)
        return 1;
    for (int i = 0; i < count; i++) {
        uint64_t due = now_ns() + sleep_ns, woke;
        struct timespec t = { .tv_sec = due / 1000000000, .tv_nsec = due % 1000000000 };
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
        woke = now_ns();
        late[i] = woke - due;
        while (now_ns() - woke < work_ns)
            ;
    }
    qsort(late, count, sizeof *late, compare);
    printf("late: half %llu us, 95%% %llu us, worst %llu us\n", (unsigned long long)late[count / 2] / 1000,
        (unsigned long long)late[count * 95 / 100] / 1000, (unsigned long long)late[count - 1] / 1000);
    return 0;
}
