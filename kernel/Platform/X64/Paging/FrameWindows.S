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
    .macro OPEN
    movq %gs:NEXT_ENTRY, %rdx
    cmpq %gs:LAST_ENTRY, %rdx
    je window_refused
    movq %gs:NEXT_WINDOW, %rax
    movq %rdi, (%rdx)
    addq $8, %rdx
    movq %rdx, %gs:NEXT_ENTRY
    leaq 4096(%rax), %rdx
    movq %rdx, %gs:NEXT_WINDOW
    .endm
    OPEN
    ret

// byte* window_open_at(ulong address, ulong length, ulong rights, ulong end): the same for bytes at a physical address; panics
// if they do not lie within a frame below the end.
    .globl window_open_at
window_open_at:
    movl %edi, %r8d
    andl $0xfff, %r8d
    addq %r8, %rsi
    cmpq $4096, %rsi
    ja frame_refused
    cmpq %rcx, %rdi
    jae frame_refused
    xorq %r8, %rdi
    orq %rdx, %rdi
    OPEN
    addq %r8, %rax
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

// The next slot shows the frame with the address in rdi, of which rsi bytes are looked at, and is left in r10 and r11; rdi
// becomes a pointer. rdx: rights, rcx: end. Panics if there is no slot left, or as above.
    .macro SHOW
    movq %gs:NEXT_ENTRY, %r10
    movq %gs:NEXT_WINDOW, %r11
    cmpq %gs:LAST_ENTRY, %r10
    je window_refused
    cmpq %rcx, %rdi
    jae frame_refused
    movl %edi, %eax
    andl $0xfff, %eax
    leaq (%rsi, %rax), %rcx
    cmpq $4096, %rcx
    ja frame_refused
    xorq %rax, %rdi
    orq %rdx, %rdi
    movq %rdi, (%r10)
    leaq (%r11, %rax), %rdi
    .endm

    .macro HIDE
    movq $0, (%r10)
    invlpg (%r11)
    .endm

// void window_copy(ulong address, ulong count, ulong rights, ulong end, byte* bytes, bool write): copies between memory of the
// core and a physical address.
    .globl window_copy
window_copy:
    SHOW
    movq %rsi, %rdx
    movq %r8, %rsi
    testb %r9b, %r9b
    jnz 1f
    xchgq %rdi, %rsi
1:  call memcpy /* it leaves r10 and r11 alone */
    HIDE
    ret

// ulong window_exchange(ulong address, ulong size, ulong rights, ulong end, ulong value, ulong expected): compares and
// exchanges eight bytes at a physical address; returns what was there.
    .globl window_exchange
window_exchange:
    SHOW
    movq %r9, %rax
    lock cmpxchgq %r8, (%rdi)
    HIDE
    ret
