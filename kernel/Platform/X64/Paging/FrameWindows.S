// Opening and closing windows onto frames: the shortest way from a frame to its bytes, since every look at guest memory goes
// through it. Each CPU has its own slots, found through GS.

// CpuBlock
#define NEXT_WINDOW 0x10
#define NEXT_ENTRY 0x18
#define FIRST_ENTRY 0x20
#define LAST_ENTRY 0x28

    .text

// void* window_open(ulong entry): opens the next slot with a page table entry; panics if there is none left.
    .globl window_open
window_open:
    movq %gs:NEXT_ENTRY, %rdx
    cmpq %gs:LAST_ENTRY, %rdx
    je window_refused
    movq %gs:NEXT_WINDOW, %rax
    movq %rdi, (%rdx)
    addq $8, %rdx
    movq %rdx, %gs:NEXT_ENTRY
    leaq 4096(%rax), %rdx
    movq %rdx, %gs:NEXT_WINDOW
    ret

// void window_close(): closes the slot opened last and flushes its translation; panics if none is open.
    .globl window_close
window_close:
    movq %gs:NEXT_ENTRY, %rdx
    cmpq %gs:FIRST_ENTRY, %rdx
    je window_refused
    movq %gs:NEXT_WINDOW, %rax
    subq $8, %rdx
    subq $4096, %rax
    movq %rdx, %gs:NEXT_ENTRY
    movq %rax, %gs:NEXT_WINDOW
    movq $0, (%rdx)
    invlpg (%rax)
    ret

// bool window_compare(EntryObservation* first, EntryObservation* end, ulong rights, ulong limit): looks at physical addresses
// below the limit through the next slot; true if each holds its value. No free slot or an address beyond: false.
    .globl window_compare
window_compare:
    movq %gs:NEXT_ENTRY, %r8
    movq %gs:NEXT_WINDOW, %r9
    xorl %eax, %eax
    cmpq %gs:LAST_ENTRY, %r8
    je 3f
    movl $1, %eax
1:  cmpq %rsi, %rdi
    je 2f
    movq (%rdi), %r10
    cmpq %rcx, %r10
    jae 4f
    movl %r10d, %r11d
    andq $-4096, %r10
    orq %rdx, %r10
    movq %r10, (%r8)
    invlpg (%r9)
    andl $0xff8, %r11d
    movq (%r9, %r11), %r10
    addq $16, %rdi
    cmpq -8(%rdi), %r10
    je 1b
4:  xorl %eax, %eax
2:  movq $0, (%r8)
    invlpg (%r9)
3:  ret
