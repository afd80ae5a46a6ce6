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
    movq %rdi, %r8
    movzbl %sil, %eax
    movabsq $0x0101010101010101, %rcx
    imulq %rcx, %rax
    movq %rdx, %rcx
    shrq $3, %rcx
    rep stosq
    movl %edx, %ecx
    andl $7, %ecx
    rep stosb
    movq %r8, %rax
    ret

// rdi: destination, rsi: source, rdx: length; the two may overlap; returns the destination.
    .globl memcpy, memmove
memcpy:
memmove:
    movq %rdi, %rax
    movq %rdi, %rcx
    subq %rsi, %rcx
    cmpq %rdx, %rcx
    jb 1f
    movq %rdx, %rcx
    shrq $3, %rcx
    rep movsq
    movl %edx, %ecx
    andl $7, %ecx
    rep movsb
    ret
1:  leaq -1(%rdi, %rdx), %rdi
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
