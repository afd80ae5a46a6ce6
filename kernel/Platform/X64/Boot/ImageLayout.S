// The addresses that the link script sets, in the order of the fields of ImageLayout.cs.

    .text
    .globl image_layout
image_layout:
    leaq image_layout_table(%rip), %rax
    ret

// The names of the code, which the build appends: see SymbolTable.cs.
    .globl symbol_table
symbol_table:
    leaq image_symbols(%rip), %rax
    ret

    .section .rodata
    .align 8
image_layout_table:
    .quad image_start_physical
    .quad image_end_physical
    .quad image_text
    .quad image_text_end
    .quad image_data
    .quad image_rodata
    .quad image_bss
    .quad image_end
    .quad boot_stack_top
    .quad modules_start
    .quad modules_end
    .quad early_heap
    .quad early_heap_end

    .section .note.GNU-stack, "", @progbits
