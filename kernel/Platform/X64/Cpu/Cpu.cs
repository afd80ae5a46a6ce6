using System.Diagnostics.CodeAnalysis;
using System.Runtime;
using System.Runtime.CompilerServices;

namespace Microkernel.Platform.X64;

/// <summary>Single instructions of the CPU; the bodies are in Cpu.S.</summary>
internal static class Cpu
{
    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "port_in8")]
    internal static extern byte In8(ushort port);

    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "port_out8")]
    internal static extern void Out8(ushort port, byte value);

    [DoesNotReturn]
    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "cpu_halt_forever")]
    internal static extern void HaltForever();
}
