using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Microkernel.Core.Grants;

/// <summary>
/// The core's private record of a grant that is in use, so that nothing the granter writes meanwhile matters. The frame
/// is the one of the first claim; each claim holds a reference to it.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ActiveEntry
{
    /// <summary>log2 of the bytes of an entry.</summary>
    public const int SizeShift = 4;

    public ulong Mfn;
    public ushort Grantee;
    public ushort Readers;
    public ushort Writers;
    public ushort Unused;

    public readonly bool IsActive => (Readers | Writers) != 0;

    /// <summary>There are <paramref name="change"/> more claims of a kind.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Count(bool isWritable, int change)
    {
        if (isWritable)
            Writers += (ushort)change;
        else
            Readers += (ushort)change;
    }
}
