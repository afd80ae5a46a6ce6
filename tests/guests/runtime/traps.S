/* Interrupt and exception entries, and the way to ring 3 and back. */
#include "layout.h"

#define STUB_SIZE 16

    .text
    .balign STUB_SIZE
    .globl trap_stubs
trap_stubs:
    .set vector, 0
    .rept 256
    .balign STUB_SIZE
    /* These exceptions push an error code themselves. */
    .if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30)
    push $0
    .endif
#ifdef __x86_64__
    pushq $vector
#else
    pushl $vector
#endif
    jmp trap_common
    .set vector, vector + 1
    .endr

#ifdef __x86_64__
    .balign 16
trap_common:
    push %rax
    push %rcx
    push %rdx
    push %rbx
    push %rbp
    push %rsi
    push %rdi
    push %r8
    push %r9
    push %r10
    push %r11
    push %r12
    push %r13
    push %r14
    push %r15
    cld
    mov %rsp, %rdi
    mov %rsp, %rbp
    and $-16, %rsp
    call trap
    mov %rbp, %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %r11
    pop %r10
    pop %r9
    pop %r8
    pop %rdi
    pop %rsi
    pop %rbp
    pop %rbx
    pop %rdx
    pop %rcx
    pop %rax
    add $16, %rsp
    iretq

/* int enter_user(entry, user_stack, unsigned long *saved_stack, unsigned long *tss_stack) */
    .globl enter_user
enter_user:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, (%rdx)
    mov %rsp, (%rcx)
    pushq $SEL_USER_DATA + 3
    push %rsi
    pushq $0x2
    pushq $SEL_USER_CODE + 3
    push %rdi
    iretq

/* leave_user(int result, unsigned long saved_stack): returns from enter_user() */
    .globl leave_user
leave_user:
    mov %rsi, %rsp
    mov $SEL_DATA, %eax
    mov %eax, %ss
    mov %edi, %eax
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret
#else
    .balign 16
trap_common:
    pusha
    cld
    mov %esp, %ebp
    push %ebp
    call trap
    mov %ebp, %esp
    popa
    add $8, %esp
    iret

    .globl enter_user
enter_user:
    push %ebx
    push %ebp
    push %esi
    push %edi
    mov 20(%esp), %eax
    mov 24(%esp), %ecx
    mov 28(%esp), %edx
    mov %esp, (%edx)
    mov 32(%esp), %edx
    mov %esp, (%edx)
    push $SEL_USER_DATA + 3
    push %ecx
    push $0x2
    push $SEL_USER_CODE + 3
    push %eax
    mov $SEL_USER_DATA + 3, %ecx
    mov %ecx, %ds
    mov %ecx, %es
    iret

    .globl leave_user
leave_user:
    mov 4(%esp), %eax
    mov 8(%esp), %esp
    mov $SEL_DATA, %ecx
    mov %ecx, %ds
    mov %ecx, %es
    pop %edi
    pop %esi
    pop %ebp
    pop %ebx
    ret
#endif

    .section .note.GNU-stack, "", @progbits
