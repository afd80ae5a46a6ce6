using System.Runtime.InteropServices;

namespace Microkernel.Core.Grants;

/// <summary>A grant that is wanted, and once it is claimed what it gives: a frame, referenced until the release, or a part of it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GrantClaim
{
    public ulong Mfn;
    public uint Reference;

    /// <summary>The granter's table that counts the claim.</summary>
    public uint Incarnation;

    /// <summary>The granter's slot.</summary>
    public ushort Slot;

    public ushort Offset;
    public ushort Length;
    public bool IsWritable;
}
