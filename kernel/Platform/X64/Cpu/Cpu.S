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

    .globl cpu_halt_forever
cpu_halt_forever:
    cli
1:  hlt
    jmp 1b

    .section .note.GNU-stack, "", @progbits
