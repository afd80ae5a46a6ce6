/* Memory: string functions the compiler asks for, the page allocator, and the window of bad pointers. */
#include "guest.h"

struct hvm_memmap_table_entry memory_map[16];
unsigned memory_map_entries;
u64 ram_pages, rsdp_address;
void *const bad_pointers[] = {
    UNMAPPED_POINTER,
    HOLE_POINTER,
#ifdef __x86_64__
    NONCANONICAL_POINTER,
#endif
};
const unsigned bad_pointer_count = ARRAY_SIZE(bad_pointers);
extern u8 image_end[];
extern unsigned long window_table[];
static uintptr_t heap_next, heap_end;


void *memset(void *to, int value, size_t n)
{
    u8 *p = to;
    asm volatile("rep stosb" : "+D"(p), "+c"(n) : "a"(value) : "memory");
    return to;
}

void *memcpy(void *to, const void *from, size_t n)
{
    void *p = to;
    asm volatile("rep movsb" : "+D"(p), "+S"(from), "+c"(n) :: "memory");
    return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const u8 *x = a, *y = b;
    for (; n; n--, x++, y++)
        if (*x != *y)
            return *x - *y;
    return 0;
}

size_t strlen(const char *s)
{
    size_t n = 0;
    while (s[n])
        n++;
    return n;
}

int strcmp(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return (u8)*a - (u8)*b;
}

static uintptr_t placed_start, placed_end;

/* The builder has put something behind the image. */
static void placed(u64 address, u64 size)
{
    if (address < (uintptr_t)image_end)
        return;
    if (!placed_start || address < placed_start)
        placed_start = address;
    if (address + size > placed_end)
        placed_end = address + size;
}

/* The heap is the larger one of the gaps below and above what the builder put behind the image (Xen: above; this core: below). */
static void choose_heap(void)
{
    uintptr_t image = (uintptr_t)image_end;
    bool below = placed_start && placed_start - image > heap_end - placed_end;
    heap_next = below || !placed_start ? image : placed_end;
    heap_next = (heap_next + 2 * PAGE_BYTES) & -(uintptr_t)PAGE_BYTES;
    if (below)
        heap_end = placed_start & -(uintptr_t)PAGE_BYTES;
}

void memory_start(const struct hvm_start_info *info)
{
    const struct hvm_memmap_table_entry *map = (void *)(uintptr_t)info->memmap_paddr;
    const struct hvm_modlist_entry *modules = (void *)(uintptr_t)info->modlist_paddr;
    rsdp_address = info->rsdp_paddr;
    placed((uintptr_t)info, PAGE_BYTES);
    if (info->cmdline_paddr)
        placed(info->cmdline_paddr, PAGE_BYTES);
    for (unsigned i = 0; i < info->nr_modules; i++)
        placed(modules[i].paddr, modules[i].size);
    for (unsigned i = 0; info->version >= 1 && i < info->memmap_entries && i < ARRAY_SIZE(memory_map); i++) {
        memory_map[memory_map_entries++] = map[i];
        if (map[i].type != XEN_HVM_MEMMAP_TYPE_RAM)
            continue;
        ram_pages += map[i].size >> PAGE_BITS;
        if (map[i].addr <= (uintptr_t)image_end && map[i].addr + map[i].size > (uintptr_t)image_end)
            heap_end = map[i].addr + map[i].size > WINDOW_BASE ? WINDOW_BASE : map[i].addr + map[i].size;
    }
    choose_heap();
}

void *alloc_pages(unsigned count)
{
    void *p = (void *)heap_next;
    if (heap_next + count * PAGE_BYTES > heap_end)
        fatal("out of memory");
    heap_next += count * PAGE_BYTES;
    memset(p, 0, count * PAGE_BYTES);
    return p;
}

void *window_map(unsigned page, u64 physical)
{
    uintptr_t address = WINDOW_BASE + page * PAGE_BYTES;
    window_table[page] = physical | 7;
    flush_tlb_page(address);
    return (void *)address;
}

void window_unmap(unsigned page)
{
    window_table[page] = 0;
    flush_tlb_page(WINDOW_BASE + page * PAGE_BYTES);
}

void *bad_pointer_after(unsigned bytes)
{
    static void *page;
    if (!page) {
        page = alloc_page();
        window_map(0, (uintptr_t)page);
    }
    memset(page, 0, PAGE_BYTES);
    return (u8 *)WINDOW_BASE + PAGE_BYTES - bytes;
}
