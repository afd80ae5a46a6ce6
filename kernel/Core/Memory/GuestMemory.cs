using System;
using Microkernel.Core.Vcpus;

namespace Microkernel.Core.Memory;

public static class GuestMemory
{
    public static bool TryRead<T>(Vcpu vcpu, ulong gva, out T value)
        where T : unmanaged
    {
        value = default;
        return false;
    }

    public static bool TryWrite<T>(Vcpu vcpu, ulong gva, in T value)
        where T : unmanaged => false;

    public static bool TryReadBytes(Vcpu vcpu, ulong gva, Span<byte> bytes) => false;

    public static bool TryWriteBytes(Vcpu vcpu, ulong gva, ReadOnlySpan<byte> bytes) => false;
}
