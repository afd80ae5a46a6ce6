using System.Runtime.InteropServices;

namespace Microkernel.Xen;

/// <summary>struct privcmd_mmap_resource: frames of the hypervisor to be mapped, or their number if address and count are 0.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ResourceRequest
{
    internal ushort Domain;
    internal uint Type;
    internal uint Id;
    internal uint FirstFrame;
    internal ulong Frames;
    internal ulong Address;
}
