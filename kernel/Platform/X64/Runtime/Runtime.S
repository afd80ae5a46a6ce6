// What ilc-compiled code calls by name and C# cannot express.

    .text

// Stores of references: nothing moves and nothing is collected, so a barrier is a plain store.
// rdi: destination, rsi: reference.
    .globl RhpAssignRef, RhpCheckedAssignRef
RhpAssignRef:
RhpCheckedAssignRef:
    movq %rsi, (%rdi)
    ret

// The same for one word of a struct copy: both pointers advance; rcx is free for use.
    .globl RhpByRefAssignRef
RhpByRefAssignRef:
    movq (%rsi), %rcx
    movq %rcx, (%rdi)
    addq $8, %rdi
    addq $8, %rsi
    ret

// There is one kind of code here: entering and leaving "unmanaged" code needs nothing.
    .globl RhpReversePInvoke, RhpReversePInvokeReturn, RhpPInvoke, RhpPInvokeReturn, RhpGcPoll
RhpReversePInvoke:
RhpReversePInvokeReturn:
RhpPInvoke:
RhpPInvokeReturn:
RhpGcPoll:
    ret

// An interface call: r11 is the call site's cell, rdi the object. Finds the method and goes there.
    .globl RhpInitialDynamicInterfaceDispatch
RhpInitialDynamicInterfaceDispatch:
    pushq %rdi
    pushq %rsi
    pushq %rdx
    pushq %rcx
    pushq %r8
    pushq %r9
    pushq %r10
    testl %eax, (%rdi) /* no object: the page fault belongs to the caller */
    movq %r11, %rsi
    call ResolveInterfaceCall
    popq %r10
    popq %r9
    popq %r8
    popq %rcx
    popq %rdx
    popq %rsi
    popq %rdi
    jmp *%rax

// r11: the lowest address a large frame is going to reach. Stacks have guard pages: touch every page on the way.
    .globl RhpStackProbe
RhpStackProbe:
    leaq (%rsp), %rax
1:  subq $0x1000, %rax
    testl %eax, (%rax)
    cmpq %r11, %rax
    jg 1b
    ret

// rdi: destination, esi: byte, rdx: length; returns the destination.
    .globl memset
memset:
    movzbl %sil, %esi
    movabsq $0x0101010101010101, %rcx
    imulq %rcx, %rsi
    jmp fill

// rdi: destination, rsi: value, rdx: number of 64-bit words.
    .globl memset64
memset64:
    shlq $3, %rdx

// rdi: destination, rsi: 8 bytes to repeat, rdx: length; returns the destination.
fill:
    movq %rdi, %r8
    cmpq $64, %rdx
    jb 2f
    movq %rsi, %xmm0
    punpcklqdq %xmm0, %xmm0
    leaq -64(%rdi, %rdx), %rcx
1:  movups %xmm0, (%rdi)
    movups %xmm0, 16(%rdi)
    movups %xmm0, 32(%rdi)
    movups %xmm0, 48(%rdi)
    addq $64, %rdi
    cmpq %rcx, %rdi
    jbe 1b
    andl $63, %edx
2:  movl %edx, %ecx
    movq %rsi, %rax
    shrl $3, %ecx
    rep stosq
    movl %edx, %ecx
    andl $7, %ecx
    rep stosb
    movq %r8, %rax
    ret

// rdi: destination, rsi: source, rdx: length; the two may overlap; returns the destination. Short copies, which are
// nearly all, read everything before they write: the first and the last bytes, which overlap in the middle.
    .globl memcpy, memmove
memcpy:
memmove:
    movq %rdi, %rax
    cmpq $16, %rdx
    jb 3f
    movups (%rsi), %xmm0
    movups -16(%rsi, %rdx), %xmm1
    cmpq $32, %rdx
    ja 1f
    movups %xmm0, (%rdi)
    movups %xmm1, -16(%rdi, %rdx)
    ret
1:  cmpq $64, %rdx
    ja 2f
    movups 16(%rsi), %xmm2
    movups -32(%rsi, %rdx), %xmm3
    movups %xmm0, (%rdi)
    movups %xmm2, 16(%rdi)
    movups %xmm3, -32(%rdi, %rdx)
    movups %xmm1, -16(%rdi, %rdx)
    ret
2:  movq %rdi, %rcx
    subq %rsi, %rcx
    cmpq %rdx, %rcx
    jb copy_backwards
    movq %rdx, %rcx
    shrq $3, %rcx
    rep movsq
    movl %edx, %ecx
    andl $7, %ecx
    rep movsb
    ret
3:  cmpl $8, %edx
    jb 4f
    movq (%rsi), %rcx
    movq -8(%rsi, %rdx), %r8
    movq %rcx, (%rdi)
    movq %r8, -8(%rdi, %rdx)
    ret
4:  cmpl $4, %edx
    jb 5f
    movl (%rsi), %ecx
    movl -4(%rsi, %rdx), %r8d
    movl %ecx, (%rdi)
    movl %r8d, -4(%rdi, %rdx)
    ret
5:  testl %edx, %edx
    jz 6f
    movzbl (%rsi), %ecx
    movzbl -1(%rsi, %rdx), %r8d
    shrl %edx /* the byte in the middle, if there are three */
    movzbl (%rsi, %rdx), %r9d
    movb %r9b, (%rdi, %rdx)
    movb %cl, (%rdi)
    jc 7f
    movb %r8b, 1(%rdi)
6:  ret
7:  movb %r8b, (%rdi, %rdx, 2)
    ret

copy_backwards:
    leaq -1(%rdi, %rdx), %rdi
    leaq -1(%rsi, %rdx), %rsi
    movq %rdx, %rcx
    std
    rep movsb
    cld
    ret

    .data
    .globl __security_cookie
    .align 8
__security_cookie:
    .quad 0x2B992DDFA232

    .section .note.GNU-stack, "", @progbits
