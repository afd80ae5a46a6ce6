/* Entry of the first vCPU (PVH) and of further ones, up to the first C function. */
#include "layout.h"

#define MSR_EFER 0xc0000080
#define EFER_LME 0x100
#define CR0_PAGED 0x80010033            /* PG, WP, NE, ET, MP, PE */
#define PTE_TABLE 0x07                  /* present, writable, user */
#define PTE_LARGE 0xe7                  /* the same, accessed, dirty, large */

    .section .note.Xen, "a", @note
    .balign 4
    .long 4, 4, 18                      /* XEN_ELFNOTE_PHYS32_ENTRY */
    .asciz "Xen"
    .long pvh_entry

    .text
    .code32
    .globl pvh_entry
pvh_entry:
    cld
    mov %ebx, start_info_address
    movl $cpu_areas + CPU_AREA_SIZE, boot_stack
    mov boot_stack, %esp
    call build_page_tables

/* Further vCPUs start here in flat 32-bit mode without paging; boot_stack and boot_function are theirs alone. */
    .globl secondary_entry32
secondary_entry32:
    cli
    lgdt %cs:gdt_pointer                /* a vCPU from real mode has no flat data segment yet */
    mov $SEL_DATA, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov %cr4, %eax
#ifdef __x86_64__
    or $0x620, %eax                     /* OSXMMEXCPT, OSFXSR, PAE */
    mov %eax, %cr4
    mov $pml4, %eax
    mov %eax, %cr3
    mov $MSR_EFER, %ecx
    rdmsr
    or $EFER_LME, %eax
    wrmsr
#else
    or $0x610, %eax                     /* OSXMMEXCPT, OSFXSR, PSE */
    mov %eax, %cr4
    mov $page_directory, %eax
    mov %eax, %cr3
#endif
    mov $CR0_PAGED, %eax
    mov %eax, %cr0
    ljmp $SEL_CODE, $paged_entry

#ifdef __x86_64__
    .code64
    .globl paged_entry
paged_entry:
    xor %eax, %eax
    mov $SEL_DATA, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    xor %eax, %eax
    mov %eax, %fs
    mov %eax, %gs
    mov boot_stack, %esp
    xor %ebp, %ebp
    call *boot_function
    ud2
#else
    .globl paged_entry
paged_entry:
    mov $SEL_DATA, %eax
    mov %eax, %fs
    mov %eax, %gs
    mov boot_stack, %esp
    xor %ebp, %ebp
    call *boot_function
    ud2
#endif

    .code32
#ifdef __x86_64__
/* Identity map of 4 GiB in 2 MiB pages, but for the window. */
build_page_tables:
    mov $page_directories, %edi
    mov $PTE_LARGE, %eax
    mov $2048, %ecx
1:  mov %eax, (%edi)
    movl $0, 4(%edi)
    add $0x200000, %eax
    add $8, %edi
    loop 1b
    movl $pdpt + PTE_TABLE, pml4
    movl $page_directories + 0x0000 + PTE_TABLE, pdpt
    movl $page_directories + 0x1000 + PTE_TABLE, pdpt + 8
    movl $page_directories + 0x2000 + PTE_TABLE, pdpt + 16
    movl $page_directories + 0x3000 + PTE_TABLE, pdpt + 24
    movl $window_table + PTE_TABLE, page_directories + (WINDOW_BASE >> 21) * 8
    ret
#else
/* The same in 4 MiB pages. */
build_page_tables:
    mov $page_directory, %edi
    mov $PTE_LARGE, %eax
    mov $1024, %ecx
1:  mov %eax, (%edi)
    add $0x400000, %eax
    add $4, %edi
    loop 1b
    movl $window_table + PTE_TABLE, page_directory + (WINDOW_BASE >> 22) * 4
    ret
#endif

/* Copied to SIPI_PAGE: from real mode to secondary_entry32. */
    .code16
    .globl sipi_start, sipi_end
sipi_start:
    cli
    mov %cs, %ax
    mov %ax, %ds
    lgdtl sipi_gdt_pointer - sipi_start
    mov $0x11, %eax                     /* ET, PE: leaves the cache-disable bits of INIT behind */
    mov %eax, %cr0
    ljmpl $SEL_CODE32, $secondary_entry32
    .balign 4
sipi_gdt_pointer:
    .word SEL_TSS + 15
    .long gdt
sipi_end:

    .data
    .balign 8
    .globl gdt
gdt:
    .quad 0
#ifdef __x86_64__
    .quad 0x00af9b000000ffff
#else
    .quad 0x00cf9b000000ffff
#endif
    .quad 0x00cf93000000ffff
    .quad 0x00cf9b000000ffff
#ifdef __x86_64__
    .quad 0x00affb000000ffff
#else
    .quad 0x00cffb000000ffff
#endif
    .quad 0x00cff3000000ffff
    .quad 0, 0                          /* the TSS, filled in by traps.c */
gdt_pointer:
    .word . - gdt - 1
    .long gdt, 0

    .globl boot_stack, boot_function, start_info_address
    .balign 8
boot_stack:
    .quad 0
boot_function:
    .long first_cpu_main, 0
start_info_address:
    .quad 0

    .bss
    .balign 4096
    .globl window_table, boot_page_table
boot_page_table:
#ifdef __x86_64__
pml4:
    .skip 4096
pdpt:
    .skip 4096
page_directories:
    .skip 4 * 4096
#else
page_directory:
    .skip 4096
#endif
window_table:
    .skip 4096
    .balign CPU_AREA_SIZE
    .globl cpu_areas
cpu_areas:
    .skip CPU_AREA_SIZE * MAX_CPUS

    .section .note.GNU-stack, "", @progbits
