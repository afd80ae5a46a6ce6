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
