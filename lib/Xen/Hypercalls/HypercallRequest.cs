using System.Runtime.InteropServices;

namespace Microkernel.Xen;

/// <summary>struct privcmd_hypercall: a hypercall as /dev/xen/privcmd takes it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct HypercallRequest
{
    internal ulong Number;
    internal ulong Argument0;
    internal ulong Argument1;
    internal ulong Argument2;
    internal ulong Argument3;
    internal ulong Argument4;
}
