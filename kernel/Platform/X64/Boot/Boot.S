// The way from the loader to C#: multiboot (version 1) enters boot_start in 32-bit protected mode, without paging.

#define KERNEL_BASE 0xFFFFFFFF80000000
#define PHYSICAL(symbol) (symbol - KERNEL_BASE)

#define MULTIBOOT_MAGIC 0x1BADB002
#define MULTIBOOT_FLAGS 0x00010003 /* page-aligned modules, memory map, load addresses below (ELF64 needs them) */

#define PTE_TABLE 0x003 /* present, writable */
#define PTE_LARGE 0x083 /* and a 2 MiB page */

#define BOOT_STACK_SIZE 0x4000

    .section .boot, "awx"
    .align 4
multiboot_header:
    .long MULTIBOOT_MAGIC
    .long MULTIBOOT_FLAGS
    .long -(MULTIBOOT_MAGIC + MULTIBOOT_FLAGS)
    .long multiboot_header
    .long image_start_physical
    .long image_load_end_physical
    .long image_end_physical
    .long boot_start

    .code32
    .globl boot_start
boot_start:
    cli
    cld
    movl %eax, %ebp /* the magic number and the information's address survive in ebp and ebx */

    // Four page directories map the first 4 GiB one to one; the first GiB appears at KERNEL_BASE too.
    movl $PHYSICAL(boot_directories), %edi
    movl $PTE_LARGE, %eax
    xorl %ecx, %ecx
1:  movl %eax, (%edi, %ecx, 8)
    addl $0x200000, %eax
    incl %ecx
    cmpl $2048, %ecx
    jne 1b
    movl $PHYSICAL(boot_pdpt), %edi
    movl $PHYSICAL(boot_directories) + PTE_TABLE, %eax
    movl %eax, 510 * 8(%edi)
    xorl %ecx, %ecx
1:  movl %eax, (%edi, %ecx, 8)
    addl $0x1000, %eax
    incl %ecx
    cmpl $4, %ecx
    jne 1b
    movl $PHYSICAL(boot_pml4), %edi
    movl $PHYSICAL(boot_pdpt) + PTE_TABLE, (%edi)
    movl $PHYSICAL(boot_pdpt) + PTE_TABLE, 511 * 8(%edi)

    movl %cr4, %eax
    orl $0x620, %eax /* PAE, OSFXSR, OSXMMEXCPT: compiled C# uses SSE */
    movl %eax, %cr4
    movl %edi, %cr3
    movl $0xC0000080, %ecx /* EFER */
    rdmsr
    orl $0x100, %eax /* LME */
    wrmsr
    movl %cr0, %eax
    andl $0xFFFFFFF3, %eax /* no EM, no TS */
    orl $0x80010003, %eax /* PG, WP, MP, PE */
    movl %eax, %cr0
    lgdt boot_gdt_pointer
    ljmp $8, $boot_long

    .code64
boot_long:
    movl $16, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    xorl %eax, %eax
    movl %eax, %fs
    movl %eax, %gs
    movabsq $boot_high, %rax
    jmp *%rax

    .align 8
boot_gdt:
    .quad 0
    .quad 0x00AF9B000000FFFF /* 64-bit code */
    .quad 0x00CF93000000FFFF /* data */
boot_gdt_pointer:
    .word . - boot_gdt - 1
    .long boot_gdt

    .text
boot_high:
    leaq boot_stack_top(%rip), %rsp
    leaq boot_cpu(%rip), %rax
    movq %rax, (%rax)
    movq %rax, %rdx
    shrq $32, %rdx
    movl $0xC0000101, %ecx /* GS.base */
    wrmsr
    // Compiled code checks this word behind buffers on the stack: a value that is not the same at every start.
    rdtsc
    shlq $32, %rdx
    orq %rdx, %rax
    movabsq $0x9E3779B97F4A7C15, %rdx
    imulq %rdx, %rax
    xorq %rax, __security_cookie(%rip)
    movl %ebp, %edi
    movl %ebx, %esi
    xorl %ebp, %ebp /* ends the chain of frames */
    call KernelMain
1:  hlt
    jmp 1b

    .bss
    .align 4096
    .globl boot_pml4 // application processors start with it too
boot_pml4:
    .skip 4096
boot_pdpt:
    .skip 4096
boot_directories:
    .skip 4 * 4096
boot_stack:
    .skip BOOT_STACK_SIZE
    .globl boot_stack_top
boot_stack_top:

boot_cpu:
    .skip 64
    .globl early_heap
early_heap:
    .skip 0x4000
    .globl early_heap_end
early_heap_end:

    .section .note.GNU-stack, "", @progbits
