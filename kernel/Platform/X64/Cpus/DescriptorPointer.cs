using System.Runtime.InteropServices;

namespace Microkernel.Platform.Cpus;

/// <summary>The operand of LGDT and LIDT.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 2)]
internal readonly unsafe struct DescriptorPointer(void* table, int size)
{
    private readonly ushort _limit = (ushort)(size - 1);
    private readonly void* _table = table;
}
