// What the checks need of Linux, and the names of Platform that the core library calls.

#define SYS_WRITE 1
#define SYS_EXIT 60

    .text
    .globl _start
_start:
    movq (%rsp), %rdi /* number of arguments */
    movq 16(%rsp), %rsi /* the first one, if there is any */
    leaq __start___modules(%rip), %rdx
    leaq __stop___modules(%rip), %rcx
    leaq heap(%rip), %r8
    andq $-16, %rsp
    xorl %ebp, %ebp
    call ProgramMain
    ud2

    .globl linux_write
linux_write:
    movq %rsi, %rdx
    movq %rdi, %rsi
    movl $1, %edi
    movl $SYS_WRITE, %eax
    syscall
    ret

    .globl linux_exit
linux_exit:
    movl $SYS_EXIT, %eax
    syscall

    .globl cpu_identity
cpu_identity:
    xorl %eax, %eax
    ret

    .globl cpu_pause
cpu_pause:
    pause
    ret

    .bss
    .balign 16
heap:
    .skip 0x100000

    .section .note.GNU-stack, "", @progbits
