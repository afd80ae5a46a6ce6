using System;
using Microkernel.Core.Abi;
using Microkernel.Core.Domains;

namespace Microkernel.Core.Hypercalls;

/// <summary>xen_version (xen/version.h).</summary>
public static class VersionOperations
{
    /// <summary>Xen's version whose ABI this is: 4.17, major in the upper half.</summary>
    public const uint Version = (4 << 16) | 17;

    private const string Test = "version";

    // XENFEAT_*: writable_page_tables, auto_translated_physmap, hvm_callback_vector, hvm_safe_pvclock,
    // memory_op_vnode_supported, not_direct_mapped (xen/features.h).
    private const uint Features = (1 << 0) | (1 << 2) | (1 << 8) | (1 << 9) | (1 << 13) | (1 << 16);

    /// <summary>The operations.</summary>
    public static readonly SubOperation[] Table =
    [
        new(0, "version", Test),
        new(1, "extraversion", Test),
        new(2, "compile_info", Test),
        new(3, "capabilities", Test) { Note = "no PV guests" },
        new(4, "changeset", Test),
        new(5, "platform_parameters", Test),
        new(6, "get_features", Test),
        new(7, "pagesize", Test),
        new(8, "guest_handle", Test),
        new(9, "commandline", Test),
        new(10, "build_id", Test) { Note = "EPERM, as for any guest on Xen" },
    ];

    /// <summary>Serves the operation that the first argument names.</summary>
    public static long Serve(ref HypercallCall call)
    {
        switch (call.Operation)
        {
            case 0: return Version;
            case 1: return WriteText(in call, 0, 16, ".0"u8);
            case 2: return CompileInfo(ref call);
            case 3: return Capabilities(ref call);
            case 4: return WriteText(in call, 0, 64, "unavailable"u8);
            case 5: return PlatformParameters(ref call);
            case 6: return GetFeatures(ref call);
            case 7: return call.Arg1 != 0 ? XenError.EINVAL : 4096;
            case 8: return GuestHandle(ref call);
            case 9: return WriteText(in call, 0, 9, "<denied>"u8);
            case 10: return XenError.EPERM;
            default: return XenError.ENOSYS;
        }
    }

    // Text in a field of fixed size, filled up with zeros.
    private static long WriteText(in HypercallCall call, ulong offset, int size, ReadOnlySpan<byte> text)
    {
        Span<byte> field = stackalloc byte[64];
        field.Clear();
        text.CopyTo(field);
        return call.AnswerBytes(call.Arg1 + offset, field.Slice(0, size));
    }

    private static long CompileInfo(ref HypercallCall call)
    {
        // compiler[64], compile_by[16], compile_domain[32], compile_date[32]
        long result = WriteText(in call, 0, 64, "ilc"u8);
        result = result == 0 ? WriteText(in call, 64, 16, "microkernel"u8) : result;
        result = result == 0 ? WriteText(in call, 80, 32, "localdomain"u8) : result;
        return result == 0 ? WriteText(in call, 112, 32, "reproducible build"u8) : result;
    }

    private static long Capabilities(ref HypercallCall call)
    {
        Span<byte> zeros = stackalloc byte[64];
        zeros.Clear();
        long result = WriteText(in call, 0, 64, "hvm-3.0-x86_32 hvm-3.0-x86_32p hvm-3.0-x86_64 "u8);
        for (ulong offset = 64; offset < 1024 && result == 0; offset += 64)
            result = call.AnswerBytes(call.Arg1 + offset, zeros);

        return result;
    }

    // Where the hypervisor lies in a PV guest's address space: nowhere for the others.
    private static long PlatformParameters(ref HypercallCall call)
    {
        bool written = call.Is32 ? call.TryWrite(call.Arg1, 0u) : call.TryWrite(call.Arg1, 0UL);
        return written ? 0 : XenError.EFAULT;
    }

    private static long GetFeatures(ref HypercallCall call)
    {
        if (!call.TryRead(call.Arg1, out uint index))
            return XenError.EFAULT;

        if (index != 0)
            return XenError.EINVAL;

        return call.Answer(call.Arg1 + sizeof(uint), Features);
    }

    private static long GuestHandle(ref HypercallCall call) => call.AnswerBytes(call.Arg1, call.Domain.Handle);
}
