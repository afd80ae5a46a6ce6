// Instructions that C# has no word for; the System V calling convention.

    .text

    .globl port_in8
port_in8:
    movl %edi, %edx
    xorl %eax, %eax
    inb %dx, %al
    ret

    .globl port_out8
port_out8:
    movl %edi, %edx
    movl %esi, %eax
    outb %al, %dx
    ret

    .globl port_in32
port_in32:
    movl %edi, %edx
    inl %dx, %eax
    ret

    .globl port_out32
port_out32:
    movl %edi, %edx
    movl %esi, %eax
    outl %eax, %dx
    ret

    .globl cpu_read_msr
cpu_read_msr:
    movl %edi, %ecx
    rdmsr
    shlq $32, %rdx
    orq %rdx, %rax
    ret

    .globl cpu_write_msr
cpu_write_msr:
    movl %edi, %ecx
    movl %esi, %eax
    movq %rsi, %rdx
    shrq $32, %rdx
    wrmsr
    ret

    .globl cpu_order_stores
cpu_order_stores:
    mfence
    lfence
    ret

// Nothing before it is still under way when the counter is read (Intel SDM vol. 2B, RDTSC).
    .globl cpu_read_tsc
cpu_read_tsc:
    lfence
    rdtsc
    shlq $32, %rdx
    orq %rdx, %rax
    ret

// edi: leaf, esi: subleaf, rdx: where the four registers go.
    .globl cpu_cpuid
cpu_cpuid:
    pushq %rbx
    movq %rdx, %r8
    movl %edi, %eax
    movl %esi, %ecx
    cpuid
    movl %eax, (%r8)
    movl %ebx, 4(%r8)
    movl %ecx, 8(%r8)
    movl %edx, 12(%r8)
    popq %rbx
    ret

// No interrupt can come between STI and HLT, so none that was announced before is slept through.
    .globl cpu_wait_for_interrupt
cpu_wait_for_interrupt:
    sti
    hlt
    cli
    ret

// The first word of the per-CPU block, at GS, is its own address.
    .globl cpu_identity
cpu_identity:
    movq %gs:0, %rax
    ret

    .globl cpu_pause
cpu_pause:
    pause
    ret

    .globl cpu_read_cr0
cpu_read_cr0:
    movq %cr0, %rax
    ret

    .globl cpu_read_cr2
cpu_read_cr2:
    movq %cr2, %rax
    ret

    .globl cpu_read_cr3
cpu_read_cr3:
    movq %cr3, %rax
    ret

    .globl cpu_write_cr3
cpu_write_cr3:
    movq %rdi, %cr3
    ret

    .globl cpu_read_cr4
cpu_read_cr4:
    movq %cr4, %rax
    ret

    .globl cpu_write_cr4
cpu_write_cr4:
    movq %rdi, %cr4
    ret

// Fills frames with zeroes through one window, past the caches: nobody reads them soon. rdi: the window, rsi: its page
// table entry, rdx: the entry for the first frame, ecx: number of frames.
    .globl cpu_clear_frames
cpu_clear_frames:
    xorps %xmm0, %xmm0
1:  movq %rdx, (%rsi)
    invlpg (%rdi)
    movq %rdi, %r8
    movl $4, %eax
2:
    offset = 0
    .rept 64
    movntps %xmm0, offset(%r8)
    offset = offset + 16
    .endr
    addq $(64 * 16), %r8
    decl %eax
    jnz 2b
    addq $0x1000, %rdx
    decl %ecx
    jnz 1b
    sfence
    ret

    .globl cpu_invalidate_page
cpu_invalidate_page:
    invlpg (%rdi)
    ret

// rdi: operand of LGDT, rsi: operand of LIDT, rdx: base of GS. The selectors are those of GlobalDescriptors.cs.
    .globl cpu_load_descriptors
cpu_load_descriptors:
    lgdt (%rdi)
    lidt (%rsi)
    movl $24, %eax
    ltr %ax
    movl $16, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl %edx, %eax
    shrq $32, %rdx
    movl $0xC0000101, %ecx /* GS.base */
    wrmsr
    popq %rax
    pushq $8
    pushq %rax
    lretq

// The caller's stack pointer.
    .globl cpu_stack_pointer
cpu_stack_pointer:
    leaq 8(%rsp), %rax
    ret

// rdi: the end of a stack, on which the rest of start-up runs.
    .globl cpu_continue_on_stack
cpu_continue_on_stack:
    movq %rdi, %rsp
    xorl %ebp, %ebp
    call KernelContinue
    ud2

    .globl cpu_halt_forever
cpu_halt_forever:
    cli
1:  hlt
    jmp 1b

    .section .note.GNU-stack, "", @progbits
