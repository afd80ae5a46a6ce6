using System;
using System.Buffers.Binary;

namespace Microkernel.Services.Memory.Building;

/// <summary>
/// The state in which a domain's first vCPU starts, as struct vcpu_hvm_context (xen/hvm/hvm_vcpu.h) of 32-bit mode: flat segments and no
/// paging, for a PVH kernel (EBX: start information) and for Linux' 32-bit entry (ESI: boot parameters).
/// </summary>
internal static class VcpuStart
{
    /// <summary>Bytes of the structure.</summary>
    internal const int Size = 128;

    private const int Ebx = 20, Esi = 32, Eip = 40, Eflags = 44, Cr0 = 48;
    private const int CodeLimit = 92, DataLimit = 96, StackLimit = 100, ExtraLimit = 104, TaskLimit = 108;
    private const int CodeRights = 112, DataRights = 114, StackRights = 116, ExtraRights = 118, TaskRights = 120;
    private const ushort Code = 0xC9B, Data = 0xC93, Task = 0x8B;
    private const uint ProtectedMode = 0x11;
    private const uint TaskSize = 0x67;

    /// <summary>Makes the structure.</summary>
    internal static byte[] Make(ulong entry, ulong startInfo, ulong bootParameters)
    {
        byte[] context = new byte[Size];
        Put(context, Ebx, (uint)startInfo);
        Put(context, Esi, (uint)bootParameters);
        Put(context, Eip, (uint)entry);
        Put(context, Eflags, 2);
        Put(context, Cr0, ProtectedMode);
        foreach (int limit in (ReadOnlySpan<int>)[CodeLimit, DataLimit, StackLimit, ExtraLimit])
            Put(context, limit, uint.MaxValue);
        Put(context, TaskLimit, TaskSize);
        foreach (int rights in (ReadOnlySpan<int>)[DataRights, StackRights, ExtraRights])
            BinaryPrimitives.WriteUInt16LittleEndian(context.AsSpan(rights), Data);
        BinaryPrimitives.WriteUInt16LittleEndian(context.AsSpan(CodeRights), Code);
        BinaryPrimitives.WriteUInt16LittleEndian(context.AsSpan(TaskRights), Task);
        return context;
    }

    private static void Put(byte[] context, int offset, uint value) =>
        BinaryPrimitives.WriteUInt32LittleEndian(context.AsSpan(offset), value);
}
