// Where the CPU comes when something interrupts it: one stub a vector, STUB_SIZE bytes apart, then the common way into C#.

#define FX_AREA_SIZE 512
#define STUB_SIZE 9 /* InterruptTable.cs knows it */

    .text
    .balign 16
    .globl trap_stubs
trap_stubs:
vector = 0
    .rept 256
    .org trap_stubs + vector * STUB_SIZE, 0x90
    // These push an error code themselves (AMD APM vol. 2, 8.2): #DF, #TS, #NP, #SS, #GP, #PF, #AC, #CP, #HV, #VC, #SX.
    .if vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || (vector >= 28 && vector <= 30)
    .else
    pushq $0
    .endif
    pushq $(vector - 128) // so that it fits a byte; trap_common adds it again
    jmp trap_common
    vector = vector + 1
    .endr

// The stack holds a TrapFrame when TrapEntry is called.
    .globl trap_common
trap_common:
    pushq %rax
    pushq %rcx
    pushq %rdx
    pushq %rbx
    pushq %rbp
    pushq %rsi
    pushq %rdi
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    subq $-128, 15 * 8(%rsp)
    movq %rsp, %rdi
    movq %rsp, %rbp
    subq $FX_AREA_SIZE, %rsp
    andq $-16, %rsp
    fxsave64 (%rsp) // compiled C# uses the SSE registers
    cld
    call TrapEntry
    fxrstor64 (%rsp)
    movq %rbp, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rdi
    popq %rsi
    popq %rbp
    popq %rbx
    popq %rdx
    popq %rcx
    popq %rax
    addq $16, %rsp
    iretq

    .globl trap_stubs_address
trap_stubs_address:
    leaq trap_stubs(%rip), %rax
    ret

// Instructions that fault when the CPU lacks what they name, and where to go on then: see FaultFixups.cs.
// edi: register, rsi: where the value goes; returns whether the register could be read.
    .globl cpu_try_read_msr
cpu_try_read_msr:
    movl %edi, %ecx
try_read_msr:
    rdmsr
    shlq $32, %rdx
    orq %rdx, %rax
    movq %rax, (%rsi)
    movl $1, %eax
    ret

// edi: register, rsi: value; returns whether it could be written.
    .globl cpu_try_write_msr
cpu_try_write_msr:
    movl %edi, %ecx
    movl %esi, %eax
    movq %rsi, %rdx
    shrq $32, %rdx
try_write_msr:
    wrmsr
    movl $1, %eax
    ret

fail:
    xorl %eax, %eax
    ret

    .globl fault_fixups
fault_fixups:
    leaq fault_fixup_table(%rip), %rax
    ret

    .section .rodata
    .balign 8
fault_fixup_table:
    .quad try_read_msr, fail
    .quad try_write_msr, fail
    .quad 0, 0

    .section .note.GNU-stack, "", @progbits
