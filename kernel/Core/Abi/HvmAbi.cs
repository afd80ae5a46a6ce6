namespace Microkernel.Core.Abi;

/// <summary>Arguments of hvm_op (xen/hvm/hvm_op.h) and platform_op (xen/platform.h), the same for 32- and 64-bit callers.</summary>
public static class HvmAbi
{
    /// <summary>HVMOP_set_param and HVMOP_get_param.</summary>
    public struct ParameterArgument
    {
        public ushort Domain;
        public ushort Padding;
        public uint Index;
        public ulong Value;
    }

    /// <summary>HVMOP_set_evtchn_upcall_vector.</summary>
    public struct UpcallVectorArgument
    {
        public uint Vcpu;
        public byte Vector;
    }

    /// <summary>HVMOP_get_mem_type.</summary>
    public struct MemoryTypeArgument
    {
        public ushort Domain;
        public ushort Type;
        public ushort Padding0;
        public ushort Padding1;
        public ulong Gfn;
    }

    /// <summary>The start of struct xen_platform_op.</summary>
    public struct PlatformHeader
    {
        public uint Operation;
        public uint InterfaceVersion;
    }
}
