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
