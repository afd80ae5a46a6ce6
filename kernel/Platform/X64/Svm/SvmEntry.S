// The world switch, and the state that is switched less often. System V calling convention: rdi is the first argument.

// SvmEntryBlock
#define REGISTER(number) ((number) * 8)
#define RFLAGS_AND_RIP 0x80
#define VMCB 0x90
#define HOST_VMCB 0xA0
#define ACTIONS 0xA8
#define HOST_MXCSR 0xAC
#define GUEST_SPEC_CTRL 0xB0
#define HOST_SPEC_CTRL 0xB8
#define FX_AREA 0x100

// VmcbSave, which lies this far below the block
#define SAVE_AREA_BELOW 0xC00
#define SAVE_RFLAGS_AND_RIP 0x170
#define SAVE_RSP 0x1D8
#define SAVE_RAX 0x1F8
#define SAVED(field) (field - SAVE_AREA_BELOW)

// SwitchActions
#define CLEAR_BUFFERS 1
#define SPEC_CTRL 2
#define BRANCH_BARRIER 4
#define FILL_RETURN_STACK 8

#define MSR_SPEC_CTRL 0x48
#define MSR_PRED_CMD 0x49

    .text

// void svm_enter(SvmEntryBlock* block): runs the guest until its next exit. Interrupts are off before and after.
//
// GIF is clear from CLGI to VMRUN and from the exit to STGI, so that nothing gets in between while half of the state is
// the guest's. IF is set meanwhile: with V_INTR_MASKING it is the host's IF at VMRUN that lets host interrupts exit the
// guest. What is pending then (the interrupt of an INTR exit above all) is taken between STGI and CLI.
    .globl svm_enter
svm_enter:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    pushq %rdi
    clgi
    sti
    movq REGISTER(0)(%rdi), %rax
    movq %rax, SAVED(SAVE_RAX)(%rdi)
    movq REGISTER(4)(%rdi), %rax
    movq %rax, SAVED(SAVE_RSP)(%rdi)
    movups RFLAGS_AND_RIP(%rdi), %xmm0
    movups %xmm0, SAVED(SAVE_RFLAGS_AND_RIP)(%rdi)
    testb $(CLEAR_BUFFERS | SPEC_CTRL), ACTIONS(%rdi)
    jnz before_entry
enter_guest:
    fxrstor64 FX_AREA(%rdi)
    movq VMCB(%rdi), %rax
    movq REGISTER(1)(%rdi), %rcx
    movq REGISTER(2)(%rdi), %rdx
    movq REGISTER(3)(%rdi), %rbx
    movq REGISTER(5)(%rdi), %rbp
    movq REGISTER(6)(%rdi), %rsi
    movq REGISTER(8)(%rdi), %r8
    movq REGISTER(9)(%rdi), %r9
    movq REGISTER(10)(%rdi), %r10
    movq REGISTER(11)(%rdi), %r11
    movq REGISTER(12)(%rdi), %r12
    movq REGISTER(13)(%rdi), %r13
    movq REGISTER(14)(%rdi), %r14
    movq REGISTER(15)(%rdi), %r15
    movq REGISTER(7)(%rdi), %rdi
    vmload %rax
    vmrun %rax
    vmsave %rax // VMRUN's end restored the host's rax: the control block's address
    popq %rax
    movq %rcx, REGISTER(1)(%rax)
    movq %rdx, REGISTER(2)(%rax)
    movq %rbx, REGISTER(3)(%rax)
    movq %rbp, REGISTER(5)(%rax)
    movq %rsi, REGISTER(6)(%rax)
    movq %rdi, REGISTER(7)(%rax)
    movq %r8, REGISTER(8)(%rax)
    movq %r9, REGISTER(9)(%rax)
    movq %r10, REGISTER(10)(%rax)
    movq %r11, REGISTER(11)(%rax)
    movq %r12, REGISTER(12)(%rax)
    movq %r13, REGISTER(13)(%rax)
    movq %r14, REGISTER(14)(%rax)
    movq %r15, REGISTER(15)(%rax)
    movq %rax, %rdi
    movq HOST_VMCB(%rdi), %rax
    vmload %rax
    testb $(SPEC_CTRL | BRANCH_BARRIER | FILL_RETURN_STACK), ACTIONS(%rdi)
    jnz after_exit
leave_guest:
    lfence // where the jump above was predicted wrongly, nothing goes on past here
    fxsave64 FX_AREA(%rdi)
    ldmxcsr HOST_MXCSR(%rdi)
    movq SAVED(SAVE_RAX)(%rdi), %rax
    movq %rax, REGISTER(0)(%rdi)
    movq SAVED(SAVE_RSP)(%rdi), %rax
    movq %rax, REGISTER(4)(%rdi)
    movups SAVED(SAVE_RFLAGS_AND_RIP)(%rdi), %xmm0
    movups %xmm0, RFLAGS_AND_RIP(%rdi)
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    stgi
    cli
    ret

before_entry:
    testb $SPEC_CTRL, ACTIONS(%rdi)
    jz 1f
    movl $MSR_SPEC_CTRL, %ecx
    movl GUEST_SPEC_CTRL(%rdi), %eax
    movl GUEST_SPEC_CTRL + 4(%rdi), %edx
    wrmsr
1:  testb $CLEAR_BUFFERS, ACTIONS(%rdi)
    jz enter_guest
    verw data_selector(%rip)
    jmp enter_guest

after_exit:
    testb $SPEC_CTRL, ACTIONS(%rdi)
    jz 1f
    movl $MSR_SPEC_CTRL, %ecx
    movl HOST_SPEC_CTRL(%rdi), %eax
    movl HOST_SPEC_CTRL + 4(%rdi), %edx
    wrmsr
1:  testb $BRANCH_BARRIER, ACTIONS(%rdi)
    jz 2f
    movl $MSR_PRED_CMD, %ecx
    movl $1, %eax
    xorl %edx, %edx
    wrmsr
2:  testb $FILL_RETURN_STACK, ACTIONS(%rdi)
    jz leave_guest
    movl $16, %ecx // two entries a round: 32, what the largest return stack holds
3:  call 5f
4:  pause // where a wrong prediction ends up
    lfence
    jmp 4b
5:  call 7f
6:  pause
    lfence
    jmp 6b
7:  decl %ecx
    jnz 3b
    addq $(32 * 8), %rsp
    jmp leave_guest

// ulong xstate_save(void* area, ulong components): saves what FXSAVE does not reach; returns the guest's XCR0 and leaves
// all components enabled.
    .globl xstate_save
xstate_save:
    xorl %ecx, %ecx
    xgetbv
    shlq $32, %rdx
    leaq (%rax, %rdx), %r8
    movl %esi, %eax
    movq %rsi, %rdx
    shrq $32, %rdx
    xsetbv
    andl $~3, %eax // x87 and SSE are in the vCPU's FXSAVE area
    xsave64 (%rdi)
    movq %r8, %rax
    ret

// void xstate_load(void* area, ulong components, ulong xcr0)
    .globl xstate_load
xstate_load:
    movq %rdx, %r8
    xorl %ecx, %ecx
    movl %esi, %eax
    movq %rsi, %rdx
    shrq $32, %rdx
    xsetbv
    andl $~3, %eax
    xrstor64 (%rdi)
    movl %r8d, %eax
    movq %r8, %rdx
    shrq $32, %rdx
    xsetbv
    ret

// void xstate_enable(): CR4.OSXSAVE
    .globl xstate_enable
xstate_enable:
    movq %cr4, %rax
    btsq $18, %rax
    movq %rax, %cr4
    ret

// ulong xstate_xcr0(): XCR0 of this CPU.
    .globl xstate_xcr0
xstate_xcr0:
    xorl %ecx, %ecx
    xgetbv
    shlq $32, %rdx
    orq %rdx, %rax
    ret

// void xstate_set_xcr0(ulong value)
    .globl xstate_set_xcr0
xstate_set_xcr0:
    xorl %ecx, %ecx
    movl %edi, %eax
    movq %rdi, %rdx
    shrq $32, %rdx
    xsetbv
    ret

// void xstate_forget_x87(): AMD's FXRSTOR leaves the last x87 instruction's and operand's address of the vCPU before.
    .globl xstate_forget_x87
xstate_forget_x87:
    fnclex
    ffree %st(7)
    fildl data_selector(%rip)
    ret

// void debug_save(DebugAddresses* registers)
    .globl debug_save
debug_save:
    movq %dr0, %rax
    movq %rax, (%rdi)
    movq %dr1, %rax
    movq %rax, 8(%rdi)
    movq %dr2, %rax
    movq %rax, 16(%rdi)
    movq %dr3, %rax
    movq %rax, 24(%rdi)
    ret

// void debug_load(const DebugAddresses* registers)
    .globl debug_load
debug_load:
    movq (%rdi), %rax
    movq %rax, %dr0
    movq 8(%rdi), %rax
    movq %rax, %dr1
    movq 16(%rdi), %rax
    movq %rax, %dr2
    movq 24(%rdi), %rax
    movq %rax, %dr3
    ret

// void svm_vmsave(ulong vmcb): puts this CPU's own VMLOAD state into a control block.
    .globl svm_vmsave
svm_vmsave:
    movq %rdi, %rax
    vmsave %rax
    ret

    .section .rodata
    .align 4
data_selector:
    .long 0x10 // the core's data segment: VERW needs a writable one to have its side effect

    .section .note.GNU-stack, "", @progbits
