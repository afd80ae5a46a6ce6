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

// bool window_compare(EntryObservation* first, int count, ulong rights, ulong limit): looks at physical addresses below the
// limit through the next slot; true if each holds its value. No free slot or an address beyond: false.
    .globl window_compare
window_compare:
    movq %gs:NEXT_ENTRY, %r8
    movq %gs:NEXT_WINDOW, %r9
    xorl %eax, %eax
    cmpq %gs:LAST_ENTRY, %r8
    je 4f
    testl %esi, %esi
    jz 2f
1:  movq (%rdi), %r10
    cmpq %rcx, %r10
    jae 3f
    movl %r10d, %r11d
    andq $-4096, %r10
    orq %rdx, %r10
    movq %r10, (%r8)
    invlpg (%r9)
    andl $0xff8, %r11d
    movq (%r9, %r11), %r10
    cmpq 8(%rdi), %r10
    jne 3f
    addq $16, %rdi
    decl %esi
    jnz 1b
2:  incl %eax
3:  movq $0, (%r8)
    invlpg (%r9)
4:  ret

// void window_copy(byte* bytes, ulong address, ulong count, ulong rights, bool write): copies between memory of the core and
// a physical address, within its frame, through the next slot; panics if there is none left.
    .globl window_copy
window_copy:
    movq %gs:NEXT_ENTRY, %r10
    movq %gs:NEXT_WINDOW, %r11
    cmpq %gs:LAST_ENTRY, %r10
    je window_refused
    movl %esi, %eax
    andq $-4096, %rsi
    orq %rcx, %rsi
    movq %rsi, (%r10)
    andl $0xfff, %eax
    leaq (%r11, %rax), %rsi
    testb %r8b, %r8b
    jz 1f
    xchgq %rdi, %rsi
1:  call memcpy /* it leaves r10 and r11 alone */
    movq $0, (%r10)
    invlpg (%r11)
    ret
