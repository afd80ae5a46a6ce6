using System.Runtime.InteropServices;

namespace Microkernel.Core.Grants;

/// <summary>A mapping of another domain's grant, found by its handle (maptrack entry).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Mapping
{
    /// <summary>Bytes of an entry.</summary>
    public const int Size = 32;

    /// <summary>The frame, to which the mapping holds a reference.</summary>
    public ulong Mfn;

    /// <summary>The page of the mapping domain where it appears.</summary>
    public ulong Gfn;

    /// <summary>The grant's reference, or the next free handle.</summary>
    public uint Reference;

    /// <summary>The granter's table at the time.</summary>
    public uint Incarnation;

    /// <summary>The granter's slot.</summary>
    public ushort Slot;

    public bool IsWritable;
    public bool IsUsed;
    private readonly int _unused;
}
