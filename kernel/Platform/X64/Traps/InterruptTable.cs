using System.Runtime;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microkernel.Platform.Cpus;
using Microkernel.Platform.Paging;

namespace Microkernel.Platform.Traps;

/// <summary>The interrupt descriptor table (AMD APM vol. 2, 4.8.3), the same for all CPUs and read-only.</summary>
internal static unsafe class InterruptTable
{
    private const int Vectors = 256;
    private const int StubSize = 9;
    private const ushort InterruptGate = 0x8E00;

    private static Gate* _gates;

    [StructLayout(LayoutKind.Sequential)]
    private struct Gate
    {
        public ushort OffsetLow;
        public ushort Selector;
        public ushort Attributes;
        public ushort OffsetMiddle;
        public uint OffsetHigh;
        public uint Reserved;
    }

    /// <summary>What LIDT takes.</summary>
    internal static DescriptorPointer Pointer => new(_gates, Vectors * sizeof(Gate));

    /// <summary>Fills the table. Start-up only.</summary>
    internal static void Create()
    {
        // Sound: 256 gates of 16 bytes are the page; nothing else has it.
        _gates = (Gate*)HostSpace.AllocatePages(1);
        ulong stub = StubsAddress();
        for (int vector = 0; vector < Vectors; vector++, stub += StubSize)
        {
            _gates[vector] = new Gate
            {
                OffsetLow = (ushort)stub,
                Selector = GlobalDescriptors.CodeSelector,
                Attributes = (ushort)(InterruptGate | StackOf(vector)),
                OffsetMiddle = (ushort)(stub >> 16),
                OffsetHigh = (uint)(stub >> 32),
            };
        }

        HostSpace.MakeReadOnly(_gates);
    }

    /// <summary>The number of the stack of its own, in the order of <see cref="TaskState"/>; 0 for the current stack.</summary>
    private static int StackOf(int vector) => vector switch
    {
        ExceptionVector.NonMaskable => 1,
        ExceptionVector.DoubleFault => 2,
        ExceptionVector.MachineCheck => 3,
        _ => 0,
    };

    [MethodImpl(MethodImplOptions.InternalCall)]
    [RuntimeImport("*", "trap_stubs_address")]
    private static extern ulong StubsAddress();
}
