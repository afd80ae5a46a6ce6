/* Constants shared by C and assembly. */
#ifndef GUEST_LAYOUT_H
#define GUEST_LAYOUT_H

/* Each vCPU has one naturally aligned area: struct cpu at its bottom, the stack above it. */
#define CPU_AREA_SIZE 8192
#define MAX_CPUS 128

#define SEL_CODE 0x08
#define SEL_DATA 0x10
#define SEL_CODE32 0x18
#define SEL_USER_CODE 0x20
#define SEL_USER_DATA 0x28
#define SEL_TSS 0x30

/* Nothing is mapped here but what window_map() puts in: the place for bad pointers. */
#define WINDOW_BASE 0xd0000000
#define WINDOW_PAGES 512

/* Where the real-mode start of an INIT-SIPI vCPU is copied (SIPI vector 8). */
#define SIPI_PAGE 0x8000

#endif
