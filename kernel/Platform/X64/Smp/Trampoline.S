// Where an application processor starts: in real mode, at a page below 1 MiB to which this code was copied (Trampoline.cs
// knows the layout). It goes to long mode with the boot page tables, claims the offer of the starting CPU, and leaves for C#.

#define KERNEL_BASE 0xFFFFFFFF80000000

#define OFFER_NONE 0
#define OFFER_OPEN 1
#define OFFER_TAKEN 2
#define AT(symbol) (symbol - trampoline_start)

    .section .rodata
    .align 16
    .code16
trampoline_start:
    cli
    cld
    movw %cs, %ax
    movw %ax, %ds
    lgdtl AT(trampoline_gdt_pointer)
    movl AT(trampoline_cr4), %eax
    movl %eax, %cr4
    movl AT(trampoline_boot_root), %eax
    movl %eax, %cr3
    movl $0xC0000080, %ecx /* EFER */
    xorl %edx, %edx
    movl AT(trampoline_efer), %eax
    wrmsr
    movl AT(trampoline_cr0), %eax
    movl %eax, %cr0 /* protection and paging at once: this is long mode */
    ljmpl *AT(trampoline_far_pointer)

    .code64
trampoline_long:
    movl $OFFER_OPEN, %eax
    movl $OFFER_TAKEN, %ecx
    lock cmpxchgl %ecx, trampoline_offer(%rip)
    jne 2f
    movl trampoline_cpu(%rip), %edi
    movq trampoline_stack(%rip), %rsi
    movq trampoline_root(%rip), %rdx
    movabsq $processor_start, %rax
    jmp *%rax
2:  hlt /* woken after its time: nobody waits for it any more */
    jmp 2b

    .align 8
trampoline_gdt:
    .quad 0
    .quad 0x00AF9B000000FFFF /* 64-bit code */

// The order of the fields of TrampolineMailbox.cs.
    .align 8
trampoline_mailbox:
trampoline_root:
    .quad 0
trampoline_stack:
    .quad 0
trampoline_cpu:
    .long 0
trampoline_offer:
    .long OFFER_NONE
trampoline_boot_root:
    .long boot_pml4 - KERNEL_BASE
trampoline_cr0:
    .long 0
trampoline_cr4:
    .long 0
trampoline_efer:
    .long 0
trampoline_far_pointer:
    .long AT(trampoline_long) /* the page's address is added */
    .word 8
trampoline_gdt_pointer:
    .word trampoline_gdt + 15 - trampoline_gdt
    .long AT(trampoline_gdt) /* the page's address is added */

// In the core's own address range, which is the same in both page tables. edi: number of the CPU, rsi: the top of its
// stack, rdx: the core's page tables.
    .text
processor_start:
    movq %rdx, %cr3
    xorl %eax, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl %eax, %fs
    movl %eax, %gs
    movq %rsi, %rsp
    xorl %ebp, %ebp /* ends the chain of frames */
    call ProcessorMain
1:  hlt
    jmp 1b

    .globl trampoline_code
trampoline_code:
    leaq trampoline_start(%rip), %rax
    ret

    .globl trampoline_mailbox_offset
trampoline_mailbox_offset:
    movl $AT(trampoline_mailbox), %eax
    ret

    .section .note.GNU-stack, "", @progbits
