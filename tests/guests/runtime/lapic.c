/* The local APIC in both modes, and the MADT that names them all. */
#include "guest.h"

#define APIC_BASE 0xfee00000ul
#define APIC_BASE_X2 0x400
#define APIC_BASE_ENABLED 0x800

bool apic_is_x2(void)
{
    return read_msr(MSR_APIC_BASE) & APIC_BASE_X2;
}

bool apic_enable_x2(void)
{
    if (!(cpuid(1, 0).ecx & 1u << 21))
        return false;
    write_msr(MSR_APIC_BASE, read_msr(MSR_APIC_BASE) | APIC_BASE_ENABLED | APIC_BASE_X2);
    return true;
}

u32 apic_read(unsigned reg)
{
    return apic_is_x2() ? (u32)read_msr(0x800 + reg / 16) : mmio_read32(APIC_BASE + reg);
}

void apic_write(unsigned reg, u32 value)
{
    if (apic_is_x2())
        write_msr(0x800 + reg / 16, value);
    else
        mmio_write32(APIC_BASE + reg, value);
}

void apic_send(u32 destination, u32 command)
{
    if (apic_is_x2()) {
        write_msr(0x800 + APIC_ICR / 16, (u64)destination << 32 | command);
        return;
    }
    mmio_write32(APIC_BASE + APIC_ICR2, destination << 24);
    mmio_write32(APIC_BASE + APIC_ICR, command);
}

void apic_start(void)
{
    apic_write(APIC_TPR, 0);
    apic_write(APIC_SVR, 0x1ff);
}

void apic_eoi(void)
{
    apic_write(APIC_EOI, 0);
}

static const u8 *find_madt(void)
{
    const u8 *rsdp = (void *)(uintptr_t)rsdp_address;
    if (!rsdp || rsdp_address >= 0xffffffff)
        return 0;
    const u8 *xsdt = (void *)(uintptr_t)*(const u64 *)(rsdp + 24);
    for (unsigned at = 36; at + 8 <= *(const u32 *)(xsdt + 4); at += 8) {
        const u8 *table = (void *)(uintptr_t)*(const u64 *)(xsdt + at);
        if (!memcmp(table, "APIC", 4))
            return table;
    }
    return 0;
}

/* The APIC id of the entry number `wanted`, and in *count how many entries there are up to it. */
static int walk_madt(unsigned wanted, unsigned *count)
{
    const u8 *madt = find_madt();
    u32 length = madt ? *(const u32 *)(madt + 4) : 0;
    *count = 0;
    for (u32 at = 44; at + 2 <= length && madt[at + 1] >= 2; at += madt[at + 1]) {
        const u8 *entry = madt + at;
        if (entry[0] != 0 && entry[0] != 9)
            continue;
        if ((*count)++ == wanted)
            return entry[0] == 0 ? entry[3] : (int)*(const u32 *)(entry + 4);
    }
    return -1;
}

int apic_id_of(unsigned cpu)
{
    unsigned count;
    return walk_madt(cpu, &count);
}

unsigned apic_count(void)
{
    unsigned count;
    walk_madt(~0u, &count);
    return count;
}
