/* xen_version: every sub-operation, and hypercall numbers nobody implements. */
#include "guest.h"

const char guest_name[] = "version";

static void text_operations(void)
{
    static char buffer[2048];
    static const struct { int op; unsigned size; } texts[] = {
        { XENVER_extraversion, sizeof(xen_extraversion_t) },
        { XENVER_compile_info, sizeof(struct xen_compile_info) },
        { XENVER_capabilities, sizeof(xen_capabilities_info_t) },
        { XENVER_changeset, sizeof(xen_changeset_info_t) },
    };
    for (unsigned i = 0; i < ARRAY_SIZE(texts); i++) {
        memset(buffer, 0xaa, sizeof(buffer));
        CHECK_EQ(xen_version(texts[i].op, buffer), 0);
        CHECK_EQ((u8)buffer[texts[i].size], 0xaa);
        CHECK_EQ(buffer[texts[i].size - 1], 0);
        CHECK(buffer[0] != (char)0xaa);
        CHECK_EQ(xen_version(texts[i].op, bad_pointer_after(texts[i].size)), 0);
        CHECK_EQ(xen_version(texts[i].op, bad_pointer_after(texts[i].size - 1)), -EFAULT);
        FOR_EACH_BAD_POINTER(p)
            CHECK_EQ(xen_version(texts[i].op, p), -EFAULT);
    }
}

static void capabilities(void)
{
    static xen_capabilities_info_t text;
    bool found = false;
    CHECK_EQ(xen_version(XENVER_capabilities, text), 0);
    const char *want = "hvm-3.0-x86_64";
    for (unsigned i = 0; i + strlen(want) < sizeof(text); i++)
        found |= !memcmp(text + i, want, strlen(want));
    CHECK(found);
}

static void features(void)
{
    struct xen_feature_info info = { .submap_idx = 0 };
    CHECK_EQ(xen_version(XENVER_get_features, &info), 0);
    CHECK(info.submap & 1u << XENFEAT_auto_translated_physmap);
    CHECK(info.submap & 1u << XENFEAT_writable_page_tables);
    CHECK(info.submap & 1u << XENFEAT_hvm_callback_vector);
    CHECK(info.submap & 1u << XENFEAT_hvm_safe_pvclock);
    CHECK(info.submap & 1u << XENFEAT_memory_op_vnode_supported);
    CHECK(info.submap & 1u << XENFEAT_not_direct_mapped);
    CHECK(!(info.submap & 1u << XENFEAT_direct_mapped));
    CHECK(!(info.submap & 1u << XENFEAT_dom0));
    CHECK(!(info.submap & 1u << XENFEAT_hvm_pirqs));
    CHECK(!(info.submap & 1u << XENFEAT_mmu_pt_update_preserve_ad));
    for (unsigned i = 1; i < 4; i++) {
        info.submap_idx = i;
        CHECK_EQ(xen_version(XENVER_get_features, &info), -EINVAL);
    }
    info.submap_idx = ~0u;
    CHECK_EQ(xen_version(XENVER_get_features, &info), -EINVAL);
    FOR_EACH_BAD_POINTER(p)
        CHECK_EQ(xen_version(XENVER_get_features, p), -EFAULT);
    CHECK_EQ(xen_version(XENVER_get_features, bad_pointer_after(sizeof(info) - 1)), -EFAULT);
    CHECK_EQ(xen_version(XENVER_get_features, bad_pointer_after(sizeof(info))), 0);
}

static void platform_parameters(void)
{
    struct xen_platform_parameters parameters = { .virt_start = 0x1234 };
    CHECK_EQ(xen_version(XENVER_platform_parameters, &parameters), 0);
    CHECK(parameters.virt_start != 0x1234);
    CHECK_EQ(xen_version(XENVER_platform_parameters, bad_pointer_after(sizeof(parameters))), 0);
    CHECK_EQ(xen_version(XENVER_platform_parameters, bad_pointer_after(sizeof(parameters) - 1)), -EFAULT);
    FOR_EACH_BAD_POINTER(p)
        CHECK_EQ(xen_version(XENVER_platform_parameters, p), -EFAULT);
}

static void guest_handle(void)
{
    u8 handle[17], again[16];
    memset(handle, 0xaa, sizeof(handle));
    CHECK_EQ(xen_version(XENVER_guest_handle, handle), 0);
    CHECK_EQ(handle[16], 0xaa);
    CHECK_EQ(xen_version(XENVER_guest_handle, again), 0);
    CHECK_EQ(memcmp(handle, again, 16), 0);
    CHECK_EQ(xen_version(XENVER_guest_handle, bad_pointer_after(16)), 0);
    CHECK_EQ(xen_version(XENVER_guest_handle, bad_pointer_after(15)), -EFAULT);
    FOR_EACH_BAD_POINTER(p)
        CHECK_EQ(xen_version(XENVER_guest_handle, p), -EFAULT);
}

#ifdef __x86_64__
/* Xen walks the page tables with the low 48 bits only; the CPU would not. */
static void noncanonical_alias(void)
{
    static struct xen_feature_info info;
    void *alias = (void *)((uintptr_t)&info | 1ul << 63);
    CHECK_EQ(xen_version(XENVER_get_features, alias), on_xen() ? 0 : -EFAULT);
}
#else
static void noncanonical_alias(void) {}
#endif

/* What only the control domain may see: a text that says so, or -EPERM. */
static void privileged(void)
{
    static char text[1024];
    memset(text, 0xaa, sizeof(text));
    CHECK_EQ(xen_version(XENVER_commandline, text), 0);
    CHECK(!strcmp(text, "<denied>"));
    FOR_EACH_BAD_POINTER(p)
        CHECK_EQ(xen_version(XENVER_commandline, p), -EFAULT);
    CHECK_EQ(xen_version(XENVER_build_id, 0), -EPERM);
    CHECK_EQ(xen_version(XENVER_build_id, text), -EPERM);
}

static void unknown_numbers(void)
{
    static const unsigned none[] = { 0, 1, 2, 3, 4, 5, 6, 9, 10, 11, 14, 16, 19, 22, 25, 31, 43, 44, 47, 50,
                                     55, 56, 63, 64, 65, 100, 127 };
    for (unsigned i = 0; i < ARRAY_SIZE(none); i++)
        CHECK_EQ(hypercall0(none[i]), -ENOSYS);
    CHECK_EQ(raw_hypercall(__HYPERVISOR_iret, 0, 0, 0, 0, 0), -ENOSYS);     /* its entry in the page need not return */
    static const unsigned long wild[] = { 128, 1000, 0x40000000, 0x7fffffff, 0x80000000, 0xffffffff };
    for (unsigned i = 0; i < ARRAY_SIZE(wild); i++)
        CHECK_EQ(raw_hypercall(wild[i], 1, 2, 3, 4, 5), -ENOSYS);
    CHECK_EQ(raw_hypercall(__HYPERVISOR_xen_version, XENVER_pagesize, 0, 0, 0, 0), PAGE_BYTES);
}

/* The top halves of the registers count in 64-bit mode; the flags and the other registers survive. */
static void registers_survive(void)
{
    unsigned long bx = 0x11223344, bp = 0x55667788, out_bx, result;
#ifdef __x86_64__
    register unsigned long r12 asm("r12") = 0x1212121212121212, r15 asm("r15") = 0x1515151515151515;
    asm volatile("vmmcall" : "=a"(result), "=b"(out_bx), "+r"(r12), "+r"(r15)
                 : "a"((long)__HYPERVISOR_xen_version), "b"(bx), "D"((long)XENVER_version), "S"(0ul)
                 : "memory", "cc");
    CHECK_EQ(out_bx, bx);
    CHECK_EQ(r12, 0x1212121212121212);
    CHECK_EQ(r15, 0x1515151515151515);
#else
    asm volatile("vmmcall" : "=a"(result), "=S"(out_bx), "+D"(bp)
                 : "a"(__HYPERVISOR_xen_version), "b"(XENVER_version), "c"(0), "S"(bx) : "memory", "cc");
    CHECK_EQ(out_bx, bx);
    CHECK_EQ(bp, 0x55667788);
#endif
    (void)bp;
    CHECK_EQ(result, xen_version(XENVER_version, 0));
}

static u8 user_stack[1024];

static void user_hypercall(void)
{
    long result = raw_hypercall(__HYPERVISOR_xen_version, XENVER_version, 0, 0, 0, 0);
    if (result == -EPERM)
        asm volatile("ud2");
    else
        asm volatile("xor %%edx, %%edx\n\tdivl %%edx" ::: "eax", "edx");
}

/* Only the kernel of a guest may make hypercalls. */
static void from_user_mode(void)
{
    CHECK_EQ(run_in_user(user_hypercall, user_stack + sizeof(user_stack)), VECTOR_UD);
}

void guest_main(void)
{
    CHECK_EQ(xen_version(XENVER_version, 0), 4 << 16 | 17);
    CHECK_EQ(xen_version(XENVER_pagesize, 0), PAGE_BYTES);
    CHECK_EQ(xen_version(XENVER_pagesize, (void *)1), -EINVAL);
    text_operations();
    capabilities();
    features();
    platform_parameters();
    guest_handle();
    noncanonical_alias();
    privileged();
    for (int op = XENVER_build_id + 1; op < 40; op++)
        CHECK_EQ(xen_version(op, 0), -ENOSYS);
    CHECK_EQ(xen_version(-1, 0), -ENOSYS);
    unknown_numbers();
    registers_survive();
    from_user_mode();
}
